// The default: how surprising a value is, and how surprising it is that it is so many times smaller.
#pragma once
#include <optional>

#include "ratio_scale.h"
#include "surprise_levels.h"

namespace dqm {

// A value is anomalous that is too far from its levels, on the scale as it is or, if it is smaller, as a ratio. Noise
// mostly grows with the level: where the level has tides, the noise at high tide hides as a distance what is an outage
// at low tide, but not as a ratio. Upwards the distance decides alone, as a spike is a smaller ratio than an outage.
class SurpriseModel final : public Model {
 public:
  static constexpr size_t kQuantilesFrom = SurpriseLevels::kQuantilesFrom;
  // How states name this model; Method::kEnsemble there is a fit without ratios, as written before there were any.
  static constexpr size_t kFormat = 6;

  static std::unique_ptr<Model> fit(const History& history, ValueKind kind);
  static std::unique_ptr<Model> read(NumberReader& in, bool with_ratios);

  Judgement judge(double ts, double value, const Sensitivity& sensitivity) const override;
  Parameters parameters() const override;
  void start(const std::vector<double>& ts, const std::vector<double>& values) override;
  void learned(double ts, double value) override;
  void write(NumberWriter& out) const override;

 private:
  struct Ratios {
    RatioScale scale;
    SurpriseLevels levels;
  };

  SurpriseModel(double cadence, SurpriseLevels distances) : cadence_(cadence), distances_(std::move(distances)) {}

  double cadence_;
  SurpriseLevels distances_;
  std::optional<Ratios> ratios_;
};

}  // namespace dqm
