// From a factor graph to a plan: what each variable is to each factor, which tables can be shared, which
// components are trees, and where every message lies.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bp/plan.hpp"

namespace emnesy::bp {

class Planner {
 public:
  Planner(const FactorGraph& graph, const PriorLayout& layout) : graph_(graph), layout_(layout) {}

  // Once.
  Plan build();

 private:
  using Around = std::vector<std::vector<std::int32_t>>;  // by variable: factors

  // From a factor to all that hangs together with it: the factors, each after the one that it was reached from.
  struct Walk {
    std::vector<std::int32_t> order;
    std::size_t edges = 0, inner = 0;
    bool tree() const { return edges + 1 == order.size() + inner; }
  };

  // What the factors around a tree variable tell each other: each hears the product of the others. Two chains of
  // products, of the messages before each and of those after it, so that the cost is linear in factors. The factor above
  // makes all of them, so that those below need not wait for one another.
  struct Joint {
    std::int32_t variable = 0;
    std::vector<std::size_t> below;   // the entries in Plan::interface of the factors below
    std::vector<std::int64_t> after;  // for each: the product of the messages of those after it; -1: there are none
    std::vector<std::int64_t> own;    // own weights, where it has any
    std::int64_t down = 0;            // message from above
  };

  std::int64_t reserve(std::int64_t count) {
    end_ += count;
    return end_ - count;
  }

  std::int64_t reserve_bench(std::int64_t count) {
    plan_.bench_size += count;
    return plan_.bench_size - count;
  }

  void add_variables();
  void add_evidence();

  // plan_factors.cpp
  void add_factors();
  Factor add_factor(std::size_t f, const std::vector<std::int32_t>& interface, bool loopy);
  std::int32_t add_structured(std::size_t f, const std::vector<std::int32_t>& interface);
  std::int32_t share(Table&& table);
  std::int32_t lane_table(std::int32_t table, bool local);
  std::int64_t cost_of(std::size_t f) const;

  // plan_components.cpp
  Walk walk(std::int32_t root, const Around& around, std::vector<std::int32_t>& parent_variable,
            std::vector<std::int32_t>& parent_factor) const;
  void add_components();
  void cut(const std::vector<std::size_t>& loopy);
  void add_loopy(const std::vector<std::size_t>& factors);

  // plan_trees.cpp
  void add_trees(const std::vector<std::int32_t>& order, const std::vector<std::int32_t>& parent_variable,
                 const Around& around);
  Joint make_joint(std::int32_t variable, std::int32_t above, std::int64_t down, const std::vector<std::int32_t>& around);
  std::int64_t add_up(Joint& joint);
  void add_down(const Joint& joint);
  std::int64_t add_product(std::int32_t variable, const std::vector<std::int64_t>& inputs);

  bool masked(std::int32_t variable) const;
  bool has_own_weights(std::int32_t variable) const;
  std::int64_t own_in_scratch(std::int32_t variable);
  void place_variables();
  void place_groups();
  void find_gaps();

  // plan_panes.cpp
  void add_panes();
  void add_judged();

  const FactorGraph& graph_;
  const PriorLayout& layout_;
  Plan plan_;
  std::vector<std::vector<std::uint8_t>> allowed_;
  std::vector<std::int32_t> pinned_;
  std::vector<std::vector<std::int32_t>> scope_;  // per factor: its variables that are not pinned
  std::vector<std::int32_t> degree_;              // per variable: factors with it in scope_
  std::vector<std::uint8_t> shared_;              // per variable: an interface variable, where it is in a factor
  std::vector<Factor> factor_;                    // tree factors by their number in the graph
  std::vector<std::int64_t> cost_;                // per factor
  std::unordered_multimap<std::size_t, std::int32_t> known_;
  std::map<std::pair<std::int32_t, bool>, std::int32_t> lane_tables_;
  std::int32_t most_groups_ = 1;
  std::int64_t most_leaf_values_ = 1;
  std::int64_t most_structured_ = 0, most_known_ = 0;
  std::int64_t end_ = 0;
};

}  // namespace emnesy::bp
