// Student's t and the normal distribution: tail probabilities and quantiles.
#pragma once

namespace dqm {

// Regularised incomplete beta function (DLMF 8.17), a, b > 0, 0 ≤ x ≤ 1.
double incomplete_beta(double a, double b, double x);
// Probability that |T| exceeds t ≥ 0; from 10,000 degrees of freedom on the normal one.
double two_sided_tail(double t, double dof);
// The t that |T| exceeds with probability `tail`; relative error below 1e-10.
double two_sided_quantile(double tail, double dof);

}  // namespace dqm
