// From a factor graph to a plan: what each variable is to each factor, which tables can be shared, which
// components are trees, and where every message lies.
#include "bp/plan.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <unordered_map>

#include "graph/pinned.hpp"

namespace emnesy::bp {
namespace {

class Planner {
 public:
  Planner(const FactorGraph& graph, const PriorLayout& layout) : graph_(graph), layout_(layout) {}

  Plan build() {
    allowed_ = allowed_values(graph_);
    pinned_ = pinned_values(graph_);
    plan_.impossible = graph_.impossible;
    plan_.block_size = layout_.block_size;
    add_variables();
    add_evidence();
    add_factors();
    add_components();
    place_variables();
    place_groups();
    find_gaps();
    plan_.scratch_size = end_;
    return std::move(plan_);
  }

 private:
  std::int64_t reserve(std::int64_t count) {
    end_ += count;
    return end_ - count;
  }

  void add_variables() {
    const auto choices = static_cast<std::size_t>(graph_.choice_count);
    if (layout_.block.size() != choices || layout_.offset.size() != choices || layout_.stride.size() != choices) {
      throw std::invalid_argument("prior layout: one block, offset and stride a choice");
    }
    for (std::size_t i = 0; i < graph_.variable_count(); ++i) {
      Variable v;
      v.cardinality = graph_.cardinality[i];
      v.pinned = pinned_[i];
      if (i < choices) {
        v.block = layout_.block[i];
        v.offset = layout_.offset[i];
        v.stride = layout_.stride[i];
        v.has_none = graph_.choice_has_none[i] != 0;
        const auto blocks = static_cast<std::int32_t>(layout_.block_size.size());
        if (v.block < 0 || v.block >= blocks || v.stride < 1 || v.offset < 0 ||
            v.offset + std::int64_t{v.stride} * (v.alternatives() - 1) >= layout_.block_size[v.block]) {
          throw std::invalid_argument("prior layout: choice " + std::to_string(i) + " lies outside of its block");
        }
      }
      if (!allowed_[i].empty()) {
        v.allowed = static_cast<std::int64_t>(plan_.allowed.size());
        plan_.allowed.insert(plan_.allowed.end(), allowed_[i].begin(), allowed_[i].end());
        if (std::count(allowed_[i].begin(), allowed_[i].end(), 0) == v.cardinality) plan_.impossible = true;
      }
      plan_.largest = std::max(plan_.largest, v.cardinality);
      plan_.variable.push_back(v);
    }
    plan_.ones_count = plan_.largest;
    plan_.ones = reserve(plan_.largest);
  }

  // Slots and queries, sorted by variable.
  void add_evidence() {
    const auto sorted = [](const std::vector<std::int32_t>& variables) {
      std::vector<std::int32_t> order(variables.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return variables[a] < variables[b]; });
      return order;
    };
    plan_.slot_of_variable = sorted(graph_.slot_variable);
    plan_.query_of_variable = sorted(graph_.query_variable);
    plan_.slot_saving.resize(graph_.slot_variable.size());
    for (const std::int32_t s : plan_.slot_of_variable) ++plan_.variable[graph_.slot_variable[s]].slot_end;
    for (const std::int32_t q : plan_.query_of_variable) ++plan_.variable[graph_.query_variable[q]].query_end;
    std::int32_t slots = 0, queries = 0;
    for (Variable& v : plan_.variable) {
      v.slot_begin = slots;
      v.slot_end = slots += v.slot_end;
      v.query_begin = queries;
      v.query_end = queries += v.query_end;
    }
    for (std::size_t q = 0; q < graph_.query_variable.size(); ++q) {
      plan_.query_value_begin.push_back(static_cast<std::int64_t>(plan_.query_value.size()));
      for (std::int32_t v = 0; v < graph_.cardinality[graph_.query_variable[q]]; ++v) {
        if (graph_.query_mask[graph_.query_mask_begin[q] + v]) plan_.query_value.push_back(v);
      }
    }
    plan_.query_value_begin.push_back(static_cast<std::int64_t>(plan_.query_value.size()));
    for (std::size_t s = 0; s < graph_.slot_variable.size(); ++s) {
      plan_.slot_value_begin.push_back(static_cast<std::int64_t>(plan_.slot_value.size()));
      const std::int32_t values = graph_.cardinality[graph_.slot_variable[s]];
      bool simple = true, same = true;
      for (std::int32_t l = 0; l < graph_.slot_label_count[s]; ++l) {
        const std::uint8_t* mask = graph_.slot_mask.data() + graph_.slot_mask_begin[s] + std::int64_t{l} * values;
        std::int32_t value = -1, count = 0;
        for (std::int32_t v = 0; v < values; ++v) {
          if (mask[v]) value = v, ++count;
        }
        plan_.slot_value.push_back(count == 1 ? value : -1);
        simple = simple && count == 1;
        same = same && value == l;
      }
      plan_.slot_simple.push_back(!simple ? 0 : same ? 2 : 1);
    }
  }

  // Tuples that the fixed evidence allows, without the variables that it pins.
  void add_factors() {
    const std::size_t count = graph_.factor_count();
    scope_.resize(count);
    degree_.assign(graph_.variable_count(), 0);
    shared_.assign(graph_.variable_count(), 0);
    for (std::size_t f = 0; f < count; ++f) {
      for (std::int64_t i = graph_.scope_begin[f]; i < graph_.scope_begin[f + 1]; ++i) {
        const std::int32_t variable = graph_.scope[i];
        if (pinned_[variable] >= 0) continue;
        scope_[f].push_back(variable);
        ++degree_[variable];
        if (graph_.factor_kind[f] != FactorKind::Table) shared_[variable] = 1;
      }
    }
    for (std::size_t v = 0; v < degree_.size(); ++v) shared_[v] = shared_[v] || degree_[v] > 1;
    factor_.resize(count);
  }

  // Puts factor f into the plan; its interface variables come in the order given.
  Factor add_factor(std::size_t f, const std::vector<std::int32_t>& interface, bool loopy) {
    const std::int32_t* first = graph_.scope.data() + graph_.scope_begin[f];
    const auto arity = static_cast<std::int32_t>(graph_.scope_begin[f + 1] - graph_.scope_begin[f]);
    const std::int32_t position = graph_.slice_position[f];
    const bool table_kind = graph_.factor_kind[f] == FactorKind::Table;
    const auto column_of = [&](std::int32_t variable) {  // structured factors have many variables, and no columns
      return table_kind ? static_cast<std::int32_t>(std::find(first, first + arity, variable) - first) : 0;
    };

    Factor factor;
    TableSource source;
    std::vector<std::int32_t> columns;
    if (position >= 0 && pinned_[first[position]] < 0) {
      factor.slice_variable = first[position];
      factor.slice_local = degree_[factor.slice_variable] == 1;
      source.slice_count = graph_.cardinality[factor.slice_variable];
    }
    factor.leaf_begin = static_cast<std::int32_t>(plan_.leaf.size());
    for (const std::int32_t variable : scope_[f]) {
      if (shared_[variable] || variable == factor.slice_variable) continue;
      plan_.leaf.push_back(variable);
      columns.push_back(column_of(variable));
    }
    source.leaf_count = static_cast<std::int32_t>(columns.size());
    for (const std::int32_t variable : interface) columns.push_back(column_of(variable));
    source.interface_count = static_cast<std::int32_t>(interface.size());
    if (factor.slice_local) columns.push_back(position);
    if (factor.slice_variable >= 0) {
      source.slice_column =
          static_cast<std::int32_t>(std::find(columns.begin(), columns.end(), position) - columns.begin());
      Variable& slice = plan_.variable[factor.slice_variable];
      factor.slice_choice = factor.slice_local && slice.choice();
      slice.only_slices = factor.slice_local && !slice.choice();
    }
    source.arity = static_cast<std::int32_t>(columns.size());
    for (std::int64_t t = 0; t < graph_.tuple_begin[f + 1] - graph_.tuple_begin[f]; ++t) {
      const std::int32_t* tuple = graph_.tuple_value.data() + graph_.tuple_value_begin[f] + t * arity;
      const double weight = graph_.unit_weight[f] ? 1.0 : graph_.tuple_weight[graph_.tuple_begin[f] + t];
      bool kept = weight > 0;
      for (std::int32_t i = 0; i < arity && kept; ++i) {
        kept = allowed_[first[i]].empty() || allowed_[first[i]][tuple[i]];
      }
      if (!kept) continue;
      for (const std::int32_t column : columns) source.tuples.push_back(tuple[column]);
      source.weights.push_back(weight);
    }
    if (!table_kind) {
      factor.structured = add_structured(f, interface);
    } else if (source.weights.empty()) {
      plan_.impossible = true;
    }
    factor.table = share(make_table(source));
    factor.lane_table = lane_table(factor.table, factor.slice_local);
    const Table& table = plan_.table[factor.table];
    plan_.most_leaves = std::max(plan_.most_leaves, table.leaf_count);
    plan_.most_interfaces = std::max(plan_.most_interfaces, table.interface_count);
    most_groups_ = std::max(most_groups_, table.group_count);
    std::int64_t leaf_values = 0;
    for (std::int32_t k = 0; k < table.leaf_count; ++k) {
      leaf_values += plan_.variable[plan_.leaf[factor.leaf_begin + k]].cardinality;
    }
    most_leaf_values_ = std::max(most_leaf_values_, leaf_values);
    const LaneTable& lanes = plan_.lane_table[factor.lane_table];
    plan_.work += 8 + table.tuple_count;
    if (!loopy && factor.slice_variable >= 0) {
      const Variable& slice = plan_.variable[factor.slice_variable];
      if (slice.slot_end - slice.slot_begin == 1) {
        plan_.slot_saving[plan_.slot_of_variable[slice.slot_begin]] +=
            table.tuple_count - table.tuple_count / table.slice_count();
      }
    }
    plan_.lane_work += 8 + table.tuple_count;
    if (factor.structured >= 0) {
      // One by one, examples leave out most of a long sum's products; bundles make them all.
      const std::int64_t entries = plan_.structure[plan_.structured[factor.structured].structure].long_sum();
      plan_.work += 16 * entries;
      plan_.lane_work += 512 * entries;
    }
    plan_.most_runs = std::max(plan_.most_runs, lanes.run_count());
    factor.plain = loopy && factor.structured < 0 && table.leaf_count == 0 && table.tuple_weight.empty() && !factor.slice_local;
    if (factor.plain) {
      plan_.plain_groups = std::max<std::int64_t>(plan_.plain_groups, table.group_count);
    } else {
      factor.groups = plan_.groups;
      factor.lane_groups = plan_.lane_groups;
      plan_.groups += table.group_count;
      plan_.lane_groups += lanes.groups.group_count;
    }
    factor.interface_begin = static_cast<std::int32_t>(plan_.interface.size());
    for (const std::int32_t variable : interface) plan_.interface.push_back({variable, 0, 0});
    return factor;
  }

  std::int32_t add_structured(std::size_t f, const std::vector<std::int32_t>& interface) {
    Structured structured;
    factors::Structure structure = factors::make_structure(graph_, f);
    const auto known = std::find(plan_.structure.begin(), plan_.structure.end(), structure);
    structured.structure = static_cast<std::int32_t>(known - plan_.structure.begin());
    structured.begin = static_cast<std::int32_t>(plan_.argument.size());
    std::int64_t values = 0;
    std::unordered_map<std::int32_t, std::int32_t> place;
    for (std::size_t k = 0; k < interface.size(); ++k) place.emplace(interface[k], static_cast<std::int32_t>(k));
    for (std::int64_t i = graph_.scope_begin[f]; i < graph_.scope_begin[f + 1]; ++i) {
      const std::int32_t variable = graph_.scope[i];
      values += graph_.cardinality[variable];
      Structured::Argument argument;
      if (pinned_[variable] >= 0) {
        argument.known = reserve(graph_.cardinality[variable]);
        plan_.known.push_back(argument.known + pinned_[variable]);
      } else {
        argument.interface = place.at(variable);
      }
      plan_.argument.push_back(argument);
    }
    most_structured_ = std::max(most_structured_, structure.scratch);
    most_known_ = std::max(most_known_, values);
    plan_.most_arguments = std::max(plan_.most_arguments, structure.count());
    if (known == plan_.structure.end()) plan_.structure.push_back(std::move(structure));
    plan_.structured.push_back(structured);
    return static_cast<std::int32_t>(plan_.structured.size()) - 1;
  }

  std::int32_t share(Table&& table) {
    std::size_t hash = static_cast<std::size_t>(table.leaf_count) * 31 + static_cast<std::size_t>(table.interface_count);
    const auto mix = [&](const std::vector<std::int32_t>& values) {
      for (const std::int32_t v : values) hash = (hash ^ static_cast<std::size_t>(v)) * 0x100000001b3u;
    };
    mix(table.group_value);
    mix(table.tuple_value);
    mix(table.group_tuple);
    const auto [begin, end] = known_.equal_range(hash);
    for (auto it = begin; it != end; ++it) {
      if (plan_.table[it->second] == table) return it->second;
    }
    plan_.table.push_back(std::move(table));
    const auto id = static_cast<std::int32_t>(plan_.table.size()) - 1;
    known_.emplace(hash, id);
    return id;
  }

  std::int32_t lane_table(std::int32_t table, bool local) {
    const auto [it, added] = lane_tables_.try_emplace({table, local}, static_cast<std::int32_t>(plan_.lane_table.size()));
    if (added) plan_.lane_table.push_back(make_lane_table(plan_.table[table], local));
    return it->second;
  }

  // Walks every connected component; trees get a root and an order, the others go to the loopy part.
  void add_components() {
    const std::size_t variables = graph_.variable_count();
    std::vector<std::vector<std::int32_t>> around(variables);  // factors of each interface variable
    for (std::size_t f = 0; f < scope_.size(); ++f) {
      for (const std::int32_t v : scope_[f]) {
        if (shared_[v]) around[v].push_back(static_cast<std::int32_t>(f));
      }
    }
    std::vector<std::int32_t> parent_variable(scope_.size(), -2);  // -2: not seen, -1: root
    std::vector<std::int32_t> parent_factor(variables, -1);
    std::vector<std::size_t> loopy;
    for (std::size_t root = 0; root < scope_.size(); ++root) {
      if (parent_variable[root] != -2) continue;
      std::vector<std::int32_t> order{static_cast<std::int32_t>(root)};
      parent_variable[root] = -1;
      std::size_t edges = 0, inner = 0;
      for (std::size_t i = 0; i < order.size(); ++i) {
        for (const std::int32_t v : scope_[order[i]]) {
          if (!shared_[v]) continue;
          ++edges;
          if (parent_factor[v] >= 0) continue;
          parent_factor[v] = order[i];
          ++inner;
          for (const std::int32_t g : around[v]) {
            if (parent_variable[g] != -2) continue;
            parent_variable[g] = v;
            order.push_back(g);
          }
        }
      }
      if (edges + 1 == order.size() + inner) {
        add_tree(order, parent_variable, around);
      } else {
        loopy.insert(loopy.end(), order.begin(), order.end());
      }
    }
    std::sort(loopy.begin(), loopy.end());
    add_loopy(loopy);
    plan_.accumulators = reserve(most_leaf_values_);
    plan_.group_weights = reserve(most_groups_);
    plan_.structured_scratch = reserve(most_structured_);
    plan_.structured_known = reserve(most_known_);
  }

  void add_tree(const std::vector<std::int32_t>& order, const std::vector<std::int32_t>& parent_variable,
                const std::vector<std::vector<std::int32_t>>& around) {
    for (const std::int32_t f : order) {
      std::vector<std::int32_t> interface;
      for (const std::int32_t v : scope_[f]) {
        if (shared_[v] && v != parent_variable[f]) interface.push_back(v);
      }
      if (parent_variable[f] >= 0) interface.push_back(parent_variable[f]);
      Factor factor = add_factor(f, interface, false);
      factor.has_parent = parent_variable[f] >= 0;
      factor_[f] = factor;
      for (std::size_t k = 0; k < interface.size(); ++k) {
        // The message to a child comes on the way down, the one to the parent on the way up.
        plan_.interface[factor.interface_begin + k].out = reserve(graph_.cardinality[interface[k]]);
      }
    }
    for (const std::int32_t f : order) {
      Factor& factor = factor_[f];
      const std::int32_t count = plan_.table[factor.table].interface_count;
      const std::int32_t children = count - (factor.has_parent ? 1 : 0);
      factor.up_begin = static_cast<std::int32_t>(plan_.product.size());
      for (std::int32_t k = 0; k < children; ++k) {
        const std::int32_t v = plan_.interface[factor.interface_begin + k].variable;
        const std::int64_t up = add_joint(v, f, plan_.interface[factor.interface_begin + k].out, around[v]);
        plan_.interface[factor.interface_begin + k].in = up;
        if (plan_.variable[v].wanted()) {
          plan_.inner.push_back(v);
          plan_.inner_up.push_back(up);
          plan_.inner_down.push_back(plan_.interface[factor.interface_begin + k].out);
        }
      }
      factor.up_end = factor.down_begin = static_cast<std::int32_t>(plan_.product.size());
      if (factor.has_parent) {
        plan_.interface[factor.interface_begin + children].in = add_down(joint_.at(parent_variable[f]));
      }
      factor.down_end = static_cast<std::int32_t>(plan_.product.size());
      plan_.tree.push_back(factor);
    }
  }

  // What the factors around a tree variable tell each other: each hears the product of the others. Two chains of
  // products, of the messages before each and of those after it, so that the cost is linear in factors.
  struct Joint {
    std::int32_t variable = 0;
    std::vector<std::int64_t> up;      // messages from the factors below
    std::vector<std::int64_t> after;   // for each: the product of those after it; -1: there are none
    std::vector<std::int64_t> before;  // what comes before the next one: from above, own weights, those below
    std::size_t next = 0;
  };

  // For the factor above: returns where the product of all below lies, own weights included. out: its own message.
  std::int64_t add_joint(std::int32_t variable, std::int32_t above, std::int64_t out, const std::vector<std::int32_t>& around) {
    Joint joint;
    joint.variable = variable;
    for (const std::int32_t g : around) {
      if (g == above) continue;
      const Factor& below = factor_[g];
      joint.up.push_back(plan_.interface[below.interface_begin + plan_.table[below.table].interface_count - 1].out);
    }
    joint.after.assign(joint.up.size(), -1);
    for (std::size_t i = joint.up.size(); i-- > 1;) {
      joint.after[i - 1] = joint.after[i] < 0 ? joint.up[i] : add_product(variable, {joint.up[i], joint.after[i]});
    }
    std::vector<std::int64_t> below;
    joint.before.push_back(out);
    if (has_own_weights(variable)) {
      below.push_back(own_in_scratch(variable));
      joint.before.push_back(below.front());
    }
    if (!joint.up.empty()) below.push_back(joint.up.front());
    if (!joint.up.empty() && joint.after.front() >= 0) below.push_back(joint.after.front());
    const std::int64_t all = add_product(variable, below);
    joint_.emplace(variable, std::move(joint));
    return all;
  }

  // For the next of the factors below, in the order of `around`, which is that of the tree.
  std::int64_t add_down(Joint& joint) {
    const std::size_t i = joint.next++;
    if (i > 0) joint.before.push_back(joint.up[i - 1]);
    const std::int64_t before = add_product(joint.variable, joint.before);
    joint.before = {before};
    return joint.after[i] < 0 ? before : add_product(joint.variable, {before, joint.after[i]});
  }

  std::int64_t add_product(std::int32_t variable, const std::vector<std::int64_t>& inputs) {
    if (inputs.empty()) return plan_.ones;  // a cell that only a structured factor has
    if (inputs.size() == 1) return inputs.front();
    Product product;
    product.cardinality = graph_.cardinality[variable];
    product.output = reserve(product.cardinality);
    product.input_begin = static_cast<std::int32_t>(plan_.product_input.size());
    plan_.product_input.insert(plan_.product_input.end(), inputs.begin(), inputs.end());
    product.input_end = static_cast<std::int32_t>(plan_.product_input.size());
    plan_.product.push_back(product);
    return product.output;
  }

  void add_loopy(const std::vector<std::size_t>& factors) {
    plan_.loopy_interface = static_cast<std::int64_t>(plan_.interface.size());
    std::int64_t most_values = 0;
    std::vector<std::int32_t> owner;  // per edge
    for (const std::size_t f : factors) {
      std::vector<std::int32_t> interface;
      for (const std::int32_t v : scope_[f]) {
        if (shared_[v]) interface.push_back(v);
      }
      owner.insert(owner.end(), interface.size(), static_cast<std::int32_t>(plan_.loopy.size()));
      plan_.loopy.push_back(add_factor(f, interface, true));
      std::int64_t values = 0;
      for (const std::int32_t v : interface) values += graph_.cardinality[v];
      most_values = std::max(most_values, values);
    }
    std::vector<std::vector<std::int32_t>> edges(graph_.variable_count());
    plan_.messages = end_;
    for (std::size_t i = plan_.loopy_interface; i < plan_.interface.size(); ++i) {
      const std::int32_t variable = plan_.interface[i].variable;
      edges[variable].push_back(static_cast<std::int32_t>(plan_.edge.size()));
      Edge edge;
      edge.variable = variable;
      edge.factor = owner[plan_.edge.size()];
      edge.message = reserve(graph_.cardinality[variable]);
      plan_.edge.push_back(edge);
    }
    plan_.message_count = end_ - plan_.messages;
    for (Edge& edge : plan_.edge) edge.rest = reserve(graph_.cardinality[edge.variable]);
    plan_.messages_in = reserve(most_values);
    plan_.messages_out = reserve(most_values);
    plan_.edge_begin.push_back(0);
    for (std::size_t v = 0; v < edges.size(); ++v) {
      if (edges[v].empty()) continue;
      if (has_own_weights(static_cast<std::int32_t>(v))) own_in_scratch(static_cast<std::int32_t>(v));
      plan_.variable[v].running = reserve(graph_.cardinality[v]);
      for (const std::int32_t e : edges[v]) plan_.edge[e].slot = static_cast<std::int32_t>(plan_.loopy_variable.size());
      plan_.loopy_variable.push_back(static_cast<std::int32_t>(v));
      plan_.edge_of_variable.insert(plan_.edge_of_variable.end(), edges[v].begin(), edges[v].end());
      plan_.edge_begin.push_back(static_cast<std::int64_t>(plan_.edge_of_variable.size()));
    }
  }

  bool masked(std::int32_t variable) const {
    const Variable& v = plan_.variable[variable];
    return v.allowed >= 0 || v.slot_end > v.slot_begin;
  }

  bool has_own_weights(std::int32_t variable) const { return plan_.variable[variable].choice() || masked(variable); }

  std::int64_t own_in_scratch(std::int32_t variable) {
    Variable& v = plan_.variable[variable];
    if (!v.prepared) {
      v.prepared = true;
      v.own = {0, reserve(v.cardinality)};
      plan_.prepared.push_back(variable);
    }
    return v.own.offset;
  }

  // Where each remaining variable's own weights lie, and how its posterior is written.
  void place_variables() {
    for (std::size_t i = 0; i < plan_.variable.size(); ++i) {
      Variable& v = plan_.variable[i];
      const auto id = static_cast<std::int32_t>(i);
      const bool queried = v.query_end > v.query_begin;
      v.plain_output = v.choice() && v.stride == 1 && !v.has_none && !queried;
      if (v.pinned >= 0) {
        plan_.pinned.push_back(id);
        continue;
      }
      if (degree_[i] == 0) plan_.free.push_back(id);
      if (v.prepared) continue;
      if (masked(id) || v.has_none || (v.choice() && v.stride != 1)) {
        own_in_scratch(id);
      } else if (v.choice()) {
        v.own = {1 + v.block, v.offset};
      } else {
        v.own = {0, plan_.ones};
      }
    }
    std::sort(plan_.prepared.begin(), plan_.prepared.end());
  }

  // Plain factors share the ones at the beginning; the others' sums come after them.
  void place_groups() {
    for (auto* factors : {&plan_.tree, &plan_.loopy}) {
      for (Factor& factor : *factors) {
        if (factor.plain) continue;
        factor.groups += plan_.plain_groups;
        factor.lane_groups += plan_.plain_groups;
      }
    }
    plan_.groups += plan_.plain_groups;
    plan_.lane_groups += plan_.plain_groups;
  }

  void find_gaps() {
    for (std::size_t b = 0; b < plan_.block_size.size(); ++b) {
      std::vector<std::uint8_t> used(plan_.block_size[b], 0);
      for (const Variable& v : plan_.variable) {
        if (v.block != static_cast<std::int32_t>(b)) continue;
        for (std::int32_t k = 0; k < v.alternatives(); ++k) used[v.offset + std::int64_t{k} * v.stride] = 1;
      }
      for (std::int64_t i = 0; i < plan_.block_size[b];) {
        std::int64_t end = i;
        while (end < plan_.block_size[b] && used[end] == used[i]) ++end;
        if (!used[i]) plan_.gap.push_back({static_cast<std::int32_t>(b), i, end});
        i = end;
      }
    }
  }

  const FactorGraph& graph_;
  const PriorLayout& layout_;
  Plan plan_;
  std::vector<std::vector<std::uint8_t>> allowed_;
  std::vector<std::int32_t> pinned_;
  std::vector<std::vector<std::int32_t>> scope_;  // per factor: its variables that are not pinned
  std::vector<std::int32_t> degree_;              // per variable: factors with it in scope_
  std::vector<std::uint8_t> shared_;              // per variable: an interface variable, where it is in a factor
  std::unordered_map<std::int32_t, Joint> joint_;
  std::vector<Factor> factor_;                    // tree factors by their number in the graph
  std::unordered_multimap<std::size_t, std::int32_t> known_;
  std::map<std::pair<std::int32_t, bool>, std::int32_t> lane_tables_;
  std::int32_t most_groups_ = 1;
  std::int64_t most_leaf_values_ = 1;
  std::int64_t most_structured_ = 0, most_known_ = 0;
  std::int64_t end_ = 0;
};

}  // namespace

Plan make_plan(const FactorGraph& graph, const PriorLayout& layout) { return Planner(graph, layout).build(); }

}  // namespace emnesy::bp
