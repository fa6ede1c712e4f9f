// Exact inference on graphs with loops: a junction tree, written as a factor graph without loops.
//
// Variables are eliminated one by one; what each elimination has to look at together is a *cluster*, and the clusters
// form a tree (Lauritzen and Spiegelhalter 1988; Shenoy and Shafer 1990). A cluster becomes one table: the list of
// the joint values that the factors allow, which for deterministic programs is far shorter than the product of
// the cardinalities. What two neighbouring clusters have in common becomes one variable, whose values are the joint
// values of the separator that occur. The result is a forest of tables, on which two passes of belief propagation
// are exact: marginals, log-evidence, most probable assignment and samples are all bp's, and so is their speed.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "emnesy/factor_graph.hpp"

namespace emnesy {

struct JunctionTreeCost {
  double dense = 0;              // entries of all clusters' tables, were they full: product of the cardinalities
  double bound = 0;              // the same with what is known of the factors' tuples: never less than `entries`
  std::int64_t entries = 0;      // allowed tuples of all clusters
  std::int64_t largest = 0;      // of the largest cluster
  std::int32_t clusters = 0;
  std::int32_t width = 0;        // variables of the cluster with most of them, minus one
  std::int64_t separators = 0;   // joint values of all separators
};

// What the tree may cost, and how long one may look for a good one.
struct JunctionTreeLimits {
  std::int64_t budget = std::int64_t{1} << 20;    // tuples of all clusters together
  int restarts = 12;                              // elimination orders that are tried, at most
  std::int64_t search_work = 40'000'000;          // steps of the search for an order, at most
  // Rows that a cluster may have, by the bound. Where there is such a limit, an order is given up at the first cluster beyond
  // it, or when the steps are used up; else one order at least is finished, however long it takes.
  double cluster_rows = std::numeric_limits<double>::infinity();
};

struct JunctionTree {
  // The same choices, slots and queries as the graph it was made from, in the same order; other cells.
  FactorGraph forest;
  JunctionTreeCost cost;
};

// No elimination order was found under which the tables stay within the budget.
class TreeTooLarge : public std::runtime_error {
 public:
  explicit TreeTooLarge(const JunctionTreeCost& estimate)
      : std::runtime_error("the junction tree is larger than its budget"), cost(estimate) {}
  JunctionTreeCost cost;  // dense, bound, clusters and width; entries: how many there were when it was given up
};

// The best elimination order found, and what it would cost, without making any table.
JunctionTreeCost estimate_junction_tree(const FactorGraph& graph, const JunctionTreeLimits& limits = {});

// Throws TreeTooLarge. The same graph and limits give the same tree. Tables only: every factor must be a Table.
JunctionTree make_junction_tree(const FactorGraph& graph, const JunctionTreeLimits& limits = {});

// The same, nothing where the tree would be too large, for a graph that verify() accepts.
std::optional<JunctionTree> try_junction_tree(const FactorGraph& graph, const JunctionTreeLimits& limits);

}  // namespace emnesy
