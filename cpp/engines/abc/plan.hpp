// What does not change from call to call: where thresholds lie, and which choices are weighed by what.
#pragma once

#include <array>
#include <mutex>
#include <vector>

#include "abc.hpp"

namespace emnesy::abc {

// Choices that are weighed together, by these observations. Choices that nothing weighs are in no group.
struct Group {
  std::vector<std::int32_t> choice, slot, evidence, constraint;
  std::vector<std::int32_t> query;     // asked under the weights of this group
  std::vector<std::int32_t> computed;  // the same, of computed queries
};

struct Grouping {
  std::vector<Group> group;
  std::vector<std::int32_t> total;     // the groups whose evidence multiplies to the whole
};

struct Plan {
  Plan(const Simulator& simulator, std::vector<double> label_number);

  const Grouping& grouping(AbcOptions::Locality locality) const;

  std::vector<std::int64_t> value_begin;  // per choice: its values among the counts; thresholds are as many
  std::vector<double> label_number;

 private:
  Grouping all(const Simulator& s) const;
  Grouping components(const Simulator& s) const;
  Grouping cones(const Simulator& s) const;
  const Simulator& simulator_;
  // Made when they are first asked for.
  mutable std::array<Grouping, 3> grouping_;
  mutable std::array<std::once_flag, 3> made_;
};

}  // namespace emnesy::abc
