// Numbers that are min over "another number + a weight", wherever a simulator has them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "emnesy/simulator.hpp"

namespace emnesy::counterfactual {

// A weight as a function of one choice: of each of its values, NaN where it has none there. Choice -1: one constant.
struct WeightRow {
  std::int32_t choice = -1;
  std::vector<double> value;

  bool operator==(const WeightRow& other) const;
};

// Weights by the number to which they are added; -1: to none.
using Sums = std::map<std::int32_t, WeightRow>;

class MinGraph {
 public:
  explicit MinGraph(const Simulator& simulator);

  // What the number is the least of; null where it is no such number.
  const Sums* sums(std::int32_t number) const;
  // The least of these contributions; nothing where it has no such form.
  std::optional<Sums> read(std::int64_t begin, std::int64_t end) const;

 private:
  bool contribution(std::int64_t i, Sums& out) const;
  bool term(std::int32_t t, std::int32_t& number, std::int32_t& weight, double& constant) const;
  bool weigh(std::int32_t number, std::int32_t source, Sums& out) const;
  bool values(CellLiteral lit, std::int32_t& choice, std::vector<std::int32_t>& at) const;
  bool add(Sums& out, std::int32_t source, const WeightRow& row) const;

  const Simulator& s_;
  std::vector<std::int32_t> table_of_, fold_of_, node_of_;  // of each number, or -1; folds: min only
  std::vector<std::int32_t> definition_of_, choice_of_;     // of each cell, or -1
  std::map<std::int32_t, Sums> sums_;
};

}  // namespace emnesy::counterfactual
