// Counterfactuals of a cheapest path: which weights may each node have, all others fixed, so that the selected path
// stays the one that was observed?
//
// An undirected graph with a positive weight on each node. The distance of a node is its own weight plus the least
// distance of its neighbours; the source's distance is its weight. Every node but the source selects the neighbour of
// least distance, of equals the one that stands first in its list, and the path is the chain of selections from the
// root to the source. Weights are whole numbers, so that ties are decided exactly.
//
// That the path is the observed one is a set of constraints: where v selects u, every neighbour u' of v has
// D(u') >= D(u), and > where u' stands before u. With the path's own weights fixed, D(u) is a prefix sum.
//  - A node off the path breaks constraints only by getting cheaper. With its distance without itself, D-(x), and
//    E(x) = min over constraints of (distance from x to u' - D(u) - tie), its weight a is allowed where D-(x) + a + E(x) >= 0.
//    One backward search from all constraints gives E.
//  - A node on the path breaks constraints only by getting dearer. It may rise until a constraint behind it is met by a
//    way that avoids it: the replacement paths problem, for all nodes of the path at once by blocks of the shortest-path
//    tree (after Malik, Mittal and Gupta 1989; Hershberger and Suri 2001; nodes instead of edges, many targets). Ways
//    that enter a block behind x end as E says, because by symmetry they could run back along the tree to the path;
//    ways through x's own block are searched there.
// O((V + E) log V) for all nodes together.
#pragma once

#include <cstdint>
#include <vector>

namespace emnesy::counterfactual {

// Every neighbour list names each neighbour once, in the order in which equal distances are decided; symmetric.
struct PathGraph {
  std::vector<std::int64_t> begin{0};
  std::vector<std::int32_t> neighbour;
  std::int32_t source = 0, root = 0;

  std::int32_t size() const { return static_cast<std::int32_t>(begin.size()) - 1; }
};

// An observed path and what follows from it whatever the weights are. The constraints of nodes off the path:
// node u' of constraint c is constraint_node[c], and position[c] says that u = path[position[c]], v the one after it.
struct ObservedPath {
  std::vector<std::int32_t> path;   // from the source to the root
  std::vector<std::int32_t> index;  // of a node on the path, or -1
  std::vector<std::int32_t> constraint_node, constraint_position;
  std::vector<std::uint8_t> constraint_strict;
  std::vector<std::int64_t> at_begin;  // constraints by node
  std::vector<std::int32_t> at;
};

// on_path: a byte for each node. False where no weights at all have this path.
bool observe_path(const PathGraph& graph, const std::uint8_t* on_path, ObservedPath& out);

// Works for one world after another; owns its scratch space, so one a thread.
class PathConditionals {
 public:
  static constexpr std::int64_t unbounded = std::int64_t{1} << 60;
  static constexpr int node_bits = 22;
  static constexpr std::int64_t weight_limit = std::int64_t{1} << 38;  // the sum of all weights is less than this

  explicit PathConditionals(const PathGraph& graph);

  // Does the world select the observed path? Then bound() holds for every node: the least weight that it may have
  // (off the path; -unbounded: any) or the greatest (on it; unbounded: any), all else as it is.
  bool evaluate(const ObservedPath& observed, const std::int64_t* weight);

  // The number of constraints that are broken: zero exactly where evaluate() is true. No bounds.
  std::int64_t violations(const ObservedPath& observed, const std::int64_t* weight);

  const std::int64_t* bound() const { return bound_.data(); }
  const std::int64_t* distance() const { return distance_.data(); }  // twice the distances

 private:
  void forward(const ObservedPath& observed, const std::int64_t* weight);
  void backward(const ObservedPath& observed);
  void crossings(const ObservedPath& observed);
  void inside_block(const ObservedPath& observed, std::int32_t k);
  void at_most(std::int32_t first, std::int32_t last, std::int64_t value);  // slack of path nodes first .. last - 1
  void push(std::int64_t value, std::int32_t node);
  std::int32_t pop(std::int64_t& value);

  const PathGraph& graph_;
  std::vector<std::int64_t> weight_, distance_, before_;  // doubled; before_: distance without the node's own weight
  std::vector<std::int64_t> completion_;                  // E, doubled, less the tie
  std::vector<std::int64_t> prefix_;                      // per position: distance along the path, doubled
  std::vector<std::int64_t> local_, slack_, bound_;
  std::vector<std::int32_t> block_, block_head_, block_next_;
  std::vector<std::uint8_t> done_;
  std::vector<std::vector<std::int64_t>> ranges_;         // [level][i]: applies to slack i .. i + 2^level - 1
  std::vector<std::uint64_t> heap_;
};

}  // namespace emnesy::counterfactual
