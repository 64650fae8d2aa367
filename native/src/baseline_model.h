// What a fitted baseline is: something that judges points after its history without changing.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "judging_scale.h"
#include "season_shape.h"

namespace dqm {

// Never renumber: states hold these, and callers name them.
enum class Method { kZScore = 0, kRobust = 1, kSeasonal = 2, kShareDrop = 3, kEnsemble = 4, kNovelty = 5 };

// How readily to alarm: exactly one is above zero. weeks: about one false alert per so many weeks; points: per so
// many points; z: beyond so many scales, without calibration.
struct Sensitivity {
  double weeks = 0.0, points = 0.0, z = 0.0;

  // Probability per point at which a normal point may be called anomalous (that of a normal distribution for
  // a z); cadence in seconds, NaN if unknown.
  double tail(double cadence) const;
  // Distance in scales beyond which a point is anomalous, for residuals that follow Student's t.
  double threshold(double cadence, double dof) const;
};

// What a method was told by its user.
struct MethodOptions {
  double period = 0.0;   // seasonal: seconds of a known season; 0 learns it
  double history = 4.0;  // share_drop: values that are averaged
  double drop = 0.15;    // share_drop: part that a value must lie below their mean
  double needed = 0.0;   // points before the first verdict; 0 for the method's own
  double window = 0.0;   // points of history that are kept; 0 for the method's own
};

// What is expected of a point, and how it compares. Bounds may be infinite; score ≥ 0.
struct Judgement {
  double expected, lower, upper, scale, score;
  bool anomalous;
};

// What a fit found, for people and for the store; the names belong to `layout` (see series_kernel.py).
constexpr size_t kParameters = 10;
struct Parameters {
  double layout = 0.0;
  double values[kParameters] = {};
};

class NumberReader;
class NumberWriter;

class Model {
 public:
  virtual ~Model() = default;
  // `value` is finite.
  virtual Judgement judge(double ts, double value, const Sensitivity& sensitivity) const = 0;
  virtual Parameters parameters() const = 0;
  // The newest learned points, once after the fit, and then each as it is learned.
  virtual void start(const std::vector<double>&, const std::vector<double>&) {}
  virtual void learned(double, double) {}
  virtual void write(NumberWriter& out) const = 0;
};

// Fits at least the method's `needed` points.
std::unique_ptr<Model> fit_model(Method method, const MethodOptions& options, ValueKind kind, const History& history);
std::unique_ptr<Model> read_model(NumberReader& in);

}  // namespace dqm
