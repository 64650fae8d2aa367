// The state of one method on one series: judges the next point, then learns it.
#pragma once
#include "baseline_model.h"

namespace dqm {

class Learner {
 public:
  virtual ~Learner() = default;
  // Points that train the next verdict, and points needed before the first.
  virtual size_t n() const = 0;
  virtual size_t needed() const = 0;
  // Only when n() has reached needed(); changes nothing that a verdict depends on. `value` is finite.
  virtual Judgement judge(double ts, double value, const Sensitivity& sensitivity) = 0;
  // Takes in a finite value that was judged anomalous or not; one that is left out never trains by itself.
  virtual void learn(double ts, double value, bool anomalous, bool left_out) = 0;
  // Forgets all and takes a history of finite, normal points.
  virtual void restart(const std::vector<double>& ts, const std::vector<double>& values) = 0;
  virtual Parameters parameters() const = 0;
  virtual void write(NumberWriter& out) const = 0;
  virtual void read(NumberReader& in) = 0;
};

}  // namespace dqm
