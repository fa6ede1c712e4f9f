// One structured factor's parameters, laid out for message passing. Factors that have the same ones share them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "emnesy/factor_graph.hpp"
#include "factors/subsets.hpp"

namespace emnesy::factors {

// A node of a sum's convolution tree: the sum of the inputs first .. last - 1, which is less than `size`.
struct SumNode {
  std::int32_t left = -1, right = -1;  // nodes; none where it is one input
  std::int32_t first = 0, last = 0;
  std::int32_t size = 1;
  std::int64_t offset = 0;             // of its numbers in scratch
};

struct Structure {
  FactorKind kind = FactorKind::Table;
  std::vector<std::int32_t> cardinality;  // per scope position
  std::vector<std::int32_t> map_begin;    // per scope position, its value map in `map`
  std::vector<std::int32_t> map;
  std::vector<std::uint8_t> identity;     // per scope position: value v means v, and there is no other meaning
  std::vector<std::int32_t> parameter;    // see FactorGraph::parameter
  std::shared_ptr<const Subsets> subsets; // AllDifferent
  std::vector<SumNode> tree;              // Sum; children before parents
  std::int64_t scratch = 0;               // how many numbers `messages` needs beside its arguments

  std::int32_t count() const { return static_cast<std::int32_t>(cardinality.size()); }
  std::int32_t meaning(std::int32_t position, std::int32_t value) const { return map[map_begin[position] + value]; }
  const std::int32_t* map_of(std::int32_t position) const { return map.data() + map_begin[position]; }
  // The entries of a sum for which convolve.hpp pays, or 0.
  std::int64_t long_sum() const { return tree.empty() || tree.back().size < 256 ? 0 : tree.back().size; }
  bool operator==(const Structure& other) const {
    return kind == other.kind && cardinality == other.cardinality && map == other.map && parameter == other.parameter;
  }
};

// The parameters of factor f, which is no table, of a graph that verify() accepts.
Structure make_structure(const FactorGraph& graph, std::size_t f);

}  // namespace emnesy::factors
