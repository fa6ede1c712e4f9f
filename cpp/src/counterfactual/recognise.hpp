// A simulator's program as one of cheapest paths whose weights are choices, where it is that.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "counterfactual/paths.hpp"
#include "counterfactual/weighers.hpp"
#include "emnesy/simulator.hpp"

namespace emnesy::counterfactual {

// The part of a program that consists of
//  - numbers that are min over "a neighbour's number + own weight", with one start (an Extreme step), each weight a
//    look-up of one choice of its own,
//  - for every number but the start's the argmin of the neighbours' numbers (Winner steps),
//  - cells that follow these selections from one number, the root, on (rules "that cell, and it selects this one").
// Nodes of the graph are the numbers of the Extreme step, in its order.
struct PathProgram {
  PathGraph graph;
  Weighers weighers;                            // one a node
  std::vector<std::int32_t> chain_cell;         // of each node: is it on the path? -1: the root, which always is
  std::vector<std::int32_t> node_of_cell;       // cell -> node, or -1
};

// Nothing where no Extreme step of the program is of this shape.
std::optional<PathProgram> recognise_paths(const Simulator& simulator);

// Do these literals say of every chain cell whether it holds, and nothing else? Then on_path has a byte for each node.
// contradiction: some literal is false in every world, or two deny each other.
bool observes_whole_path(const PathProgram& program, const std::vector<CellLiteral>& literals,
                         std::vector<std::uint8_t>& on_path, bool& contradiction);

}  // namespace emnesy::counterfactual
