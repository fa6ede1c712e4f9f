// Recursion through min (max) in 64 worlds at once: label-correcting sweeps over the graph's nodes.
//
// Dijkstra's order differs from world to world, so worlds in lanes cannot follow it together. Correcting labels
// until none improves (Bellman 1958, Ford 1956; Gauss-Seidel order, forwards and backwards in turn, only nodes of
// which a predecessor changed) does more additions but each is one instruction for 16 worlds. Nodes that are
// corrected too often, and negative cycles, are given up on: the caller decides.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/simulator.hpp"

namespace emnesy::simulator {

// The graph of one Extreme step, for sweeps. Row `nodes` of the labels and row `weights` of the weights are zero: the
// source of starts, and the weight of edges that add nothing.
struct SweepGraph {
  SweepGraph(const Simulator& simulator, std::int32_t item);

  std::int32_t nodes = 0, weights = 0;
  std::int32_t first_node = 0;                    // of the step, in node_number
  std::vector<std::int32_t> weight_number;        // the numbers that its edges add
  std::vector<std::int32_t> group_begin;          // per node: edges into it with one weight
  std::vector<std::int32_t> group_weight;
  std::vector<std::int32_t> source_begin, source; // per group
  std::vector<std::int32_t> reader_begin, reader; // per node: nodes with an edge from it
  std::vector<std::int32_t> start;                // nodes with an edge from nowhere
  std::vector<std::int32_t> order;                // nodes breadth first from these: a sweep goes along most paths
};

constexpr std::int32_t no_path = (1 << 30) - 1;  // of whole numbers; double: infinity

// label and weight: rows of 64. Labels are set; they hold the least sums on return. False where more than `limit`
// labels per node were corrected on average.
bool sweep(const SweepGraph& graph, const std::int32_t* weight, std::int32_t* label, std::vector<std::uint8_t>& dirty, std::int64_t limit);
bool sweep(const SweepGraph& graph, const double* weight, double* label, std::vector<std::uint8_t>& dirty, std::int64_t limit);

// Rows of numbers as weights (sign -1: negated) and back; undefined is no path.
void to_weight(double sign, const double* number, std::int32_t* weight);
void to_weight(double sign, const double* number, double* weight);
std::uint64_t from_label(double sign, const std::int32_t* label, double* number);
std::uint64_t from_label(double sign, const double* label, double* number);

}  // namespace emnesy::simulator
