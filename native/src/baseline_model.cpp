#include "baseline_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "interval_model.h"
#include "order_statistics.h"
#include "student.h"
#include "surprise_model.h"

namespace dqm {
namespace {

// No point is called anomalous at a tail probability above this, however rare the points of a series are.
constexpr double kLargestTail = 0.02;
constexpr double kSmallestTail = 1e-12, kSmallestOfZ = 1e-300;

}  // namespace

double Sensitivity::tail(double cadence) const {
  if (z > 0.0) return std::max(two_sided_tail(z, std::numeric_limits<double>::infinity()), kSmallestOfZ);
  const double spacing = cadence > 0.0 ? cadence : kDay;  // one a day where it is not known
  const double probability = points > 0.0 ? 1.0 / points : spacing / (kWeek * weeks);
  return std::clamp(probability, kSmallestTail, kLargestTail);
}

double Sensitivity::threshold(double cadence, double dof) const {
  return z > 0.0 ? z : two_sided_quantile(tail(cadence), dof);
}

std::unique_ptr<Model> fit_model(Method method, const MethodOptions& options, ValueKind kind,
                                 const History& history) {
  switch (method) {
    case Method::kZScore:
      return IntervalModel::fit_zscore(history);
    case Method::kRobust:
      return IntervalModel::fit_robust(history, kind);
    case Method::kSeasonal:
      return IntervalModel::fit_seasonal(history, kind, options.period);
    case Method::kShareDrop: {
      const auto count = static_cast<std::ptrdiff_t>(
          std::min(history.values.size(), static_cast<size_t>(options.history)));
      return std::make_unique<ShareDropModel>(mean_of({history.values.end() - count, history.values.end()}),
                                              options.drop);
    }
    case Method::kEnsemble:
      if (history.values.size() < SurpriseModel::kQuantilesFrom) return IntervalModel::fit_robust(history, kind);
      return SurpriseModel::fit(history, kind);
    default:
      throw Error("this method fits no window");
  }
}

std::unique_ptr<Model> read_model(NumberReader& in) {
  const size_t format = in.get_count(SurpriseModel::kFormat);
  if (format == SurpriseModel::kFormat) return SurpriseModel::read(in, true);
  const auto method = static_cast<Method>(format);
  if (method == Method::kShareDrop) return ShareDropModel::read(in);
  if (method == Method::kEnsemble) return SurpriseModel::read(in, false);
  if (method == Method::kNovelty) throw Error("the state is corrupt: a model of no window");
  return IntervalModel::read(method, in);
}

}  // namespace dqm
