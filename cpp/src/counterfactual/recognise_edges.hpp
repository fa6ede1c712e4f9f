// A simulator's program as one of cheapest paths whose weights stand at edges, where it is that.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "counterfactual/edge_paths.hpp"
#include "emnesy/simulator.hpp"

namespace emnesy::counterfactual {

// The part of a program that consists of
//  - numbers that are min over "another number + a weight", with one start (Extreme steps, and Fold steps where there is
//    no cycle); a weight is a constant or depends on one choice, one of the kinds that EdgeGraph can have,
//  - for every such number but the start's the argmin of the same sums, or of the numbers alone where all weights into
//    it are one (Winner steps),
//  - cells that follow these selections from one number, the root, on: rules "it selects that number, and is on the path
//    itself". Such a cell says that one of some edges is on the path: those out of a node, or a single one.
struct EdgeProgram {
  EdgeGraph graph;
  Weighers weighers;
  std::map<std::int32_t, std::vector<std::int32_t>> edges_of_cell;
  bool always = true;  // the root can be reached in every world
};

// Nothing where the program has no such part.
std::optional<EdgeProgram> recognise_edges(const Simulator& simulator);

enum class Fit { No, Yes, Impossible };

// Do these literals hold in the worlds with one certain path, and in no others? Then way has its edges, from the source to
// the root. Impossible: they hold in none. No: neither is known.
Fit observed_way(const EdgeProgram& program, const std::vector<CellLiteral>& literals, std::vector<std::int32_t>& way);

}  // namespace emnesy::counterfactual
