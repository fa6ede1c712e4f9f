// Counterfactuals of a cheapest path whose weights stand at edges: which weights may each choice give, all others
// fixed, so that the selected path stays the one that was observed?
//
// A directed graph. The distance of a node is the least sum of weights over ways from the source; every other node
// selects, of the edges into it, one with the least distance + weight, of equals the first in its list, and the path is
// the chain of selections from the root to the source. A choice may weigh one edge, both directions between two nodes, or
// several edges into one node: a way without cycles takes such an edge at most once, so that every sum is linear in the
// weight. Weights are whole and positive, or weight_limit: no such edge.
//
// That the path is the observed one is a set of constraints: with P(i) the sum along the path up to its node i, every other
// edge (u, i) has D(u) + w >= P(i), and > where it stands before the path's own edge. As in paths.hpp,
//  - a choice off the path breaks them only by getting cheaper: allowed where D(u) + w + E(v) >= 0 for its edges
//    (u, v), E(v) being the least "way from v to a constraint, less its P" (one backward search);
//  - a choice on the path breaks them only by getting dearer: it may rise until a way around it meets a constraint at or
//    behind it. The nodes that the shortest-path tree reaches through its edge are searched again, from the edges that
//    lead into them, best first with E as the estimate of the rest (A*: Hart, Nilsson and Raphael 1968). No symmetry is
//    needed, so it holds for one-way edges.
#pragma once

#include <cstdint>
#include <vector>

#include "counterfactual/weighers.hpp"

namespace emnesy::counterfactual {

struct EdgeGraph {
  std::int32_t source = 0, root = 0;
  std::vector<std::int64_t> in_begin{0};     // per node: the edges into it, in the order in which equals are decided
  std::vector<std::int32_t> from, to;        // of each edge
  std::vector<std::int32_t> weigher;         // of each edge, or -1: its weight is constant
  std::vector<std::int64_t> constant;
  std::vector<std::int64_t> out_begin;       // per node: the edges out of it; by finish()
  std::vector<std::int32_t> out;
  std::vector<std::int64_t> weighs_begin;    // per weigher: its edges; by finish()
  std::vector<std::int32_t> weighs;

  std::int32_t nodes() const { return static_cast<std::int32_t>(in_begin.size()) - 1; }
  std::int32_t edges() const { return static_cast<std::int32_t>(from.size()); }
  void finish(std::int32_t weighers);
};

class EdgeConditionals : public PathSolver {
 public:
  static constexpr std::int64_t unbounded = std::int64_t{1} << 60;
  static constexpr int node_bits = 22;
  static constexpr std::int64_t weight_limit = std::int64_t{1} << 38;  // the sum of all weights is less than this

  explicit EdgeConditionals(const EdgeGraph& graph);

  // way: the edges of the observed path, from the source to the root.
  void observe(const std::vector<std::int32_t>& way);

  // bound(): -unbounded off the path where any weight is allowed, weight_limit - 1 on it where any edge is.
  bool evaluate(const std::int64_t* weight) override;
  const std::int64_t* bound() const override { return bound_.data(); }
  bool on_path(std::int32_t weigher) const override { return position_[weigher] > 0; }

 private:
  bool forward();
  void backward();
  void crossings();
  std::int64_t around(std::int32_t k);  // how much the edge into the path's node k may rise, doubled
  void push(std::int64_t value, std::int32_t node);
  std::int32_t pop(std::int64_t& value);

  const EdgeGraph& graph_;
  std::vector<std::int32_t> way_, index_;            // edges of the path, from 1 on; place of a node on it, or -1
  std::vector<std::int32_t> position_;               // of each weigher: which edge of the path is its, or 0
  std::vector<std::int32_t> constraint_;             // of each edge: the place on the path that it must not undercut, or 0
  std::vector<std::uint8_t> strict_;
  std::vector<std::int64_t> weight_, distance_, completion_, prefix_, local_, bound_;  // doubled; completion_: E
  std::vector<std::int32_t> block_;                  // of each node: the last node of the path on its way from the source
  std::vector<std::uint32_t> stamp_;
  std::uint32_t now_ = 0;
  std::vector<std::vector<std::int32_t>> crossing_;  // per place: edges into what the tree reaches through its edge
  std::vector<std::uint64_t> heap_;
};

}  // namespace emnesy::counterfactual
