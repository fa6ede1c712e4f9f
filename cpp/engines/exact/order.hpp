// Elimination orders, the clusters that they lead to, and what those would cost.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "exact/domains.hpp"

namespace emnesy::exact {

struct Cluster {
  std::vector<std::int32_t> variables;  // sorted
  std::vector<std::int32_t> home;       // sorted: those in no cluster nearer to the root
  std::int32_t parent = -1;             // its index is greater than this cluster's; -1: a root
  std::vector<std::int32_t> separator;  // sorted: the variables shared with the parent
};

struct ClusterTree {
  std::vector<Cluster> cluster;  // children before parents; every variable of a relation is at home in one of them
  double dense = 0;              // sum over clusters of the product of the domains' sizes
  double bound = 0;              // the same, each at most what the relations allow: see Bounds
  std::int32_t width = 0;        // variables of the cluster with most, minus one
};

// How many rows the join of all relations restricted to a cluster can have: the cluster's variables are covered by
// relations, each counting its rows (the integral edge cover bound of Atserias, Grohe and Marx 2008), and a variable
// that a relation determines from variables already covered counts what it can be at most given those.
class Bounds {
 public:
  explicit Bounds(const Domains& domains);
  double log_rows(const std::vector<std::int32_t>& variables) const;
  double log_dense(const std::vector<std::int32_t>& variables) const;

 private:
  const Domains& domains_;
  std::vector<std::vector<std::int32_t>> around_;   // relations of each variable
  std::vector<std::vector<double>> log_degree_;     // per relation and column: log of the most values given the others
  std::vector<double> log_size_;                    // per variable
};

struct Search {
  int restarts;         // orders at most
  std::int64_t work;    // steps, about
  std::size_t keep;     // trees
  // Rows of a cluster, by the bound. Finite: orders that lead beyond it, or take more steps than `work`, are given up.
  double cluster_rows;

  bool gives_up() const { return cluster_rows < std::numeric_limits<double>::infinity(); }
};

// The trees of several elimination orders, the cheapest by `bound` first: least fill and least weight, and the same
// with ties (and later costs) shuffled by counter-based random numbers. None only where the search gives up.
std::vector<ClusterTree> find_trees(const Domains& domains, const Search& search);

}  // namespace emnesy::exact
