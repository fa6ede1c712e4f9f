// Small loops made trees: each loopy block of a factor graph whose junction tree is small is replaced by that tree.
//
// The graph that results says the same of the same choices, slots and queries; what surrounds a block is left as it is, and
// hangs on the same variables. Blocks whose tree would be too large keep their loops, others do not mind: where no block
// is left, two passes are exact. This is a join graph in the sense of Dechter, Kask and Mateescu, "Iterative join-graph
// propagation", UAI 2002, with clusters only where they are exact within.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy::bp {

struct Clustered {
  FactorGraph graph;
  std::vector<std::int32_t> cluster;  // per factor: which junction tree it is a part of, -1: none
  std::int32_t count = 0;             // junction trees

  // The graph, and a line a junction tree with its factors.
  std::string dump() const;
};

// most: tuples that a block's junction tree may have, 0: every block is left as it is. A tree of more is accepted where the
// block's own tables have as many; one that has more than 2,048 and more than 16 times what the block has is refused, as
// loopy messages would cost less. Structured factors of up to 1,024 joint values become tables where that makes
// a tree; larger ones stay, and loops through them too. Graphs without a gate only.
Clustered cluster_loops(FactorGraph graph, std::int64_t most);

}  // namespace emnesy::bp
