// One thread: draws blocks of worlds of an example, evaluates them, weighs them and adds them to a tally.
#pragma once

#include <memory>
#include <vector>

#include "abc/sampler.hpp"
#include "abc/tally.hpp"
#include "simulator/lanes.hpp"

namespace emnesy::abc {

// What an example asks, as literals.
struct Observed {
  std::int32_t slot, label;
};

class Worker {
 public:
  Worker(const Simulator& simulator, const Plan& plan, const Grouping& grouping, const AbcOptions& options);

  int width() const { return lanes_.width(); }
  std::vector<std::int32_t>& thresholds() { return thresholds_; }
  // Per group, what is observed of it.
  void observe(const std::int32_t* labels);
  // Logarithms of the values' probabilities, for Map.
  void set_scores(std::vector<double> scores) { scores_ = std::move(scores); }

  // Blocks begin .. end - 1 (of width() worlds) of an example, into the tally.
  void run(std::uint64_t example, std::int64_t begin, std::int64_t end, Tally& tally);

  // The distances of the worlds of those blocks, per group one after the other: distance[g * samples + world].
  // Infinite where the program's own evidence or a constraint does not hold.
  void distances(std::uint64_t example, std::int64_t begin, std::int64_t end, double* distance);
  // What run() is to make of them with Nearest: per group the greatest distance that is near enough.
  void set_near(const double* distance, std::vector<double> near);

  // The world in which every group's choices are as in its chosen world; then truth of the queries in it.
  // value[c]: the value of each choice.
  void chosen(std::uint64_t example, const Tally& tally, std::vector<std::int32_t>& value, std::vector<std::uint8_t>& query);

 private:
  void draw_block(std::uint64_t example, std::int64_t block);
  std::uint64_t live(std::int64_t block, int word) const;
  std::uint64_t hard(const Group& group, int word) const;
  void distance(std::size_t g, int word, double* out) const;
  std::uint64_t exact(std::size_t g, int word) const;
  void numeric_distance(const Observed& observed, int word, double* out) const;
  std::uint64_t weigh(std::size_t g, std::int64_t block, int word, Tally& tally, double* world);
  void add(std::uint64_t example, std::size_t g, std::int64_t block, int word, std::uint64_t positive, const double* world,
           Tally& tally);
  void choose(std::uint64_t example, std::size_t g, std::int64_t block, int word, std::uint64_t positive, const double* world,
              double sum, Tally& tally) const;
  void say(std::size_t g, int word, std::uint64_t positive, const double* world, Tally& tally);

  const Simulator& s_;
  const Plan& plan_;
  const Grouping& grouping_;
  const AbcOptions& options_;
  simulator::Lanes lanes_;
  std::vector<std::int32_t> thresholds_;
  std::vector<std::vector<Observed>> observed_;  // per group
  std::vector<double> scores_;
  const double* stored_ = nullptr;               // Nearest: distances
  std::vector<double> near_;
  std::vector<double> distance_;                 // of one word's worlds
};

}  // namespace emnesy::abc
