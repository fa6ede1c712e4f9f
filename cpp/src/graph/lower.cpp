#include "emnesy/lower.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "builder.hpp"
#include "emnesy/components.hpp"

namespace emnesy {
namespace {

using graph::Builder;
using graph::Event;
using graph::Table;

// A variable's rules become one table while its arguments have at most this many joint values, or four times as many
// as there are rules.
constexpr std::int64_t table_limit = 4096;

// One rule instance: the value it gives, and what it asks of other variables (sorted, one event a variable).
struct Case {
  std::int32_t value;
  std::vector<Event> body;
};

class Lowering {
 public:
  Lowering(const GroundProgram& program, const FunctionalDependencies& dependencies, bool impossible)
      : program_(program), dependencies_(dependencies), event_(program.atom_count()), impossible_(impossible) {}

  Lowered run(const EvidenceSlots& slots) {
    refuse_computed();
    add_choices();
    const Components components = order();
    for (std::size_t c = 0; c < components.count(); ++c) {
      lower_node(components.node[components.begin[c]]);
    }
    add_constraints();
    add_evidence();
    add_queries();
    const std::vector<SlotLabels> labels = add_slots(slots);
    graph::merge_tables(builder_.tables, builder_.cardinalities().size());
    return finish(labels);
  }

 private:
  struct SlotLabels {
    std::int32_t variable;
    std::vector<std::vector<std::uint8_t>> masks;
  };

  // ---- atoms and variables

  Event event(AtomId atom) {
    if (program_.atom_kind[atom] == AtomKind::Certain) return builder_.always();
    return event_[atom];
  }

  Event event_of(Literal lit) {
    const Event e = event(literal_atom(lit));
    return literal_negated(lit) ? !e : e;
  }

  std::string name_of(AtomId atom) const {
    const std::int32_t group = dependencies_.atom_group[atom];
    if (group < 0) return program_.format_atom(atom);
    const std::int32_t position = dependencies_.group_position[group];
    std::string text = program_.predicate_name[program_.atom_predicate[atom]] + "(";
    for (std::int64_t i = program_.atom_argument_begin[atom]; i < program_.atom_argument_begin[atom + 1]; ++i) {
      const std::int64_t argument = i - program_.atom_argument_begin[atom];
      if (argument > 0) text += ",";
      text += argument == position ? "_" : program_.values.format(program_.atom_argument[i]);
    }
    return text + ")";
  }

  void refuse_computed() const {
    std::vector<AtomId> computed;
    for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
      const std::int32_t predicate = program_.atom_predicate[atom];
      const bool condition = program_.atom_kind[atom] == AtomKind::Condition;
      const bool aggregate = program_.atom_kind[atom] == AtomKind::Derived && predicate >= 0 &&
                             program_.predicate_aggregate[predicate] != Aggregate::None &&
                             program_.predicate_aggregate[predicate] != Aggregate::Any;
      if (condition || aggregate) computed.push_back(atom);
    }
    if (!computed.empty()) throw NotLowerable(NotLowerable::Reason::Computed, computed);
  }

  void add_choices() {
    for (std::size_t c = 0; c < program_.choice_count(); ++c) {
      const auto alternatives = static_cast<std::int32_t>(program_.choice_alternative_begin[c + 1] -
                                                          program_.choice_alternative_begin[c]);
      const std::int32_t cardinality = alternatives + (program_.choice_has_none[c] ? 1 : 0);
      const std::int32_t variable = builder_.add_variable(cardinality, "choice " + std::to_string(c));
      for (std::int32_t k = 0; k < alternatives; ++k) {
        event_[program_.choice_alternative[program_.choice_alternative_begin[c] + k]] = {variable, k, false};
      }
    }
  }

  // Nodes: groups, then atoms; in dependency order. A cycle among them has no factor graph (yet).
  Components order() {
    const auto groups = static_cast<std::int32_t>(dependencies_.group_count());
    const auto node = [&](AtomId atom) {
      return dependencies_.atom_group[atom] >= 0 ? dependencies_.atom_group[atom] : groups + atom;
    };
    std::vector<std::int64_t> begin(groups + program_.atom_count() + 1, 0);
    rules_of_.resize(groups + program_.atom_count());
    for (std::size_t r = 0; r < program_.rule_count(); ++r) {
      const std::int32_t head = node(program_.rule_head[r]);
      begin[head + 1] += program_.rule_body_begin[r + 1] - program_.rule_body_begin[r];
      rules_of_[head].push_back(static_cast<std::int32_t>(r));
    }
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<std::int32_t> edge(begin.back());
    std::vector<std::int64_t> next(begin.begin(), begin.end() - 1);
    for (std::size_t r = 0; r < program_.rule_count(); ++r) {
      for (std::int64_t i = program_.rule_body_begin[r]; i < program_.rule_body_begin[r + 1]; ++i) {
        edge[next[node(program_.rule_head[r])]++] = node(literal_atom(program_.rule_body[i]));
      }
    }
    Components components = strongly_connected_components(begin, edge);
    for (std::size_t c = 0; c < components.count(); ++c) {
      if (!components.cyclic[c]) continue;
      std::vector<AtomId> atoms;
      for (std::int64_t i = components.begin[c]; i < components.begin[c + 1]; ++i) {
        const std::int32_t n = components.node[i];
        atoms.push_back(n >= groups ? n - groups : dependencies_.group_atom[dependencies_.group_begin[n]]);
      }
      std::sort(atoms.begin(), atoms.end());
      throw NotLowerable(NotLowerable::Reason::Cycle, atoms);
    }
    return components;
  }

  // The body as one event a variable; false when it can never hold. A conjunction of several "not this value" on
  // one variable does not fit one event: the variable is then split by its admissible values, one case each.
  bool gather(const Literal* first, const Literal* last, std::vector<std::vector<Event>>& bodies) {
    std::map<std::int32_t, std::vector<Event>> by_variable;
    for (const Literal* lit = first; lit != last; ++lit) {
      const Event e = event_of(*lit);
      by_variable[e.variable].push_back(e);
    }
    bodies.assign(1, {});
    for (const auto& [variable, events] : by_variable) {
      std::vector<Event> alternatives;
      if (events.size() == 1) {
        alternatives = events;
      } else {
        for (std::int32_t v = 0; v < builder_.cardinality(variable); ++v) {
          if (std::all_of(events.begin(), events.end(), [&](const Event& e) { return e.holds(v); })) {
            alternatives.push_back({variable, v, false});
          }
        }
      }
      std::vector<std::vector<Event>> extended;
      for (const std::vector<Event>& body : bodies) {
        for (const Event& alternative : alternatives) {
          extended.push_back(body);
          extended.back().push_back(alternative);
        }
      }
      bodies = std::move(extended);
    }
    return !bodies.empty();
  }

  void lower_node(std::int32_t node) {
    const auto groups = static_cast<std::int32_t>(dependencies_.group_count());
    std::vector<AtomId> atoms;
    if (node < groups) {
      atoms.assign(dependencies_.group_atom.begin() + dependencies_.group_begin[node],
                   dependencies_.group_atom.begin() + dependencies_.group_begin[node + 1]);
    } else {
      if (program_.atom_kind[node - groups] != AtomKind::Derived || dependencies_.atom_group[node - groups] >= 0) return;
      atoms = {node - groups};
    }
    std::vector<Case> cases;
    for (const std::int32_t rule : rules_of_[node]) {
      const auto value = static_cast<std::int32_t>(
          std::find(atoms.begin(), atoms.end(), program_.rule_head[rule]) - atoms.begin());
      std::vector<std::vector<Event>> bodies;
      gather(program_.rule_body.data() + program_.rule_body_begin[rule],
             program_.rule_body.data() + program_.rule_body_begin[rule + 1], bodies);
      for (std::vector<Event>& body : bodies) cases.push_back({value, std::move(body)});
    }
    if (rename(atoms, cases)) return;
    const std::vector<std::int32_t> scope = scope_of(cases);
    if (joint_size(scope) <= std::max<std::int64_t>(table_limit, 4 * static_cast<std::int64_t>(cases.size()))) {
      tabulate(atoms, cases, scope);
      return;
    }
    for (std::size_t value = 0; value < atoms.size(); ++value) {
      std::vector<Case> own;
      for (const Case& c : cases) {
        if (c.value == static_cast<std::int32_t>(value)) own.push_back(c);
      }
      event_[atoms[value]] = decompose(own, program_.format_atom(atoms[value]));
    }
  }

  // Atoms that only rename values of one variable need no variable of their own.
  bool rename(const std::vector<AtomId>& atoms, const std::vector<Case>& cases) {
    if (cases.size() != atoms.size()) return false;
    for (const Case& c : cases) {
      if (c.body.size() != 1 || c.body.front().variable != cases.front().body.front().variable) return false;
      if (atoms.size() > 1 && c.body.front().negated) return false;
    }
    for (const Case& c : cases) {
      if (std::count_if(cases.begin(), cases.end(), [&](const Case& d) { return d.value == c.value; }) > 1) return false;
    }
    for (const Case& c : cases) event_[atoms[c.value]] = c.body.front();
    const std::int32_t variable = cases.front().body.front().variable;
    if (variable < static_cast<std::int32_t>(program_.choice_count())) builder_.rename(variable, name_of(atoms.front()));
    return true;
  }

  static std::vector<std::int32_t> scope_of(const std::vector<Case>& cases) {
    std::vector<std::int32_t> scope;
    for (const Case& c : cases) {
      for (const Event& e : c.body) scope.push_back(e.variable);
    }
    std::sort(scope.begin(), scope.end());
    scope.erase(std::unique(scope.begin(), scope.end()), scope.end());
    return scope;
  }

  // Number of joint values, or a very large number.
  std::int64_t joint_size(const std::vector<std::int32_t>& scope) const {
    std::int64_t size = 1;
    for (const std::int32_t variable : scope) {
      size *= builder_.cardinality(variable);
      if (size > (std::int64_t{1} << 40)) break;
    }
    return size;
  }

  // For every joint value of the scope, the value that the cases give it, or -1.
  std::vector<std::int32_t> fill(const std::vector<Case>& cases, const std::vector<std::int32_t>& scope) const {
    std::vector<std::int64_t> stride(scope.size());
    std::int64_t size = 1;
    for (std::size_t i = scope.size(); i-- > 0;) {
      stride[i] = size;
      size *= builder_.cardinality(scope[i]);
    }
    std::vector<std::int32_t> value(static_cast<std::size_t>(size), -1);
    for (const Case& c : cases) {
      const std::function<void(std::size_t, std::size_t, std::int64_t)> visit = [&](std::size_t i, std::size_t e,
                                                                                   std::int64_t index) {
        if (i == scope.size()) {
          value[static_cast<std::size_t>(index)] = c.value;
          return;
        }
        const bool asked = e < c.body.size() && c.body[e].variable == scope[i];
        if (asked && !c.body[e].negated) {
          visit(i + 1, e + 1, index + stride[i] * c.body[e].value);
          return;
        }
        for (std::int32_t v = 0; v < builder_.cardinality(scope[i]); ++v) {
          if (!asked || c.body[e].holds(v)) visit(i + 1, asked ? e + 1 : e, index + stride[i] * v);
        }
      };
      visit(0, 0, 0);
    }
    return value;
  }

  // Calls visit(joint value, its entry) over the whole scope in row-major order.
  template <typename Visit>
  void for_each(const std::vector<std::int32_t>& scope, const std::vector<std::int32_t>& entries, Visit visit) const {
    std::vector<std::int32_t> joint(scope.size(), 0);
    for (const std::int32_t entry : entries) {
      visit(joint, entry);
      for (std::size_t i = scope.size(); i-- > 0;) {
        if (++joint[i] < builder_.cardinality(scope[i])) break;
        joint[i] = 0;
      }
    }
  }

  void tabulate(const std::vector<AtomId>& atoms, const std::vector<Case>& cases, const std::vector<std::int32_t>& scope) {
    const std::vector<std::int32_t> entries = fill(cases, scope);
    const bool boolean = atoms.size() == 1;
    const auto values = static_cast<std::int32_t>(atoms.size());
    const bool partial = std::find(entries.begin(), entries.end(), -1) != entries.end();
    const std::int32_t variable = builder_.add_variable(boolean ? 2 : values + (partial ? 1 : 0), name_of(atoms.front()));
    Table table{scope, {}};
    table.scope.push_back(variable);
    for_each(scope, entries, [&](const std::vector<std::int32_t>& joint, std::int32_t entry) {
      table.values.insert(table.values.end(), joint.begin(), joint.end());
      table.values.push_back(boolean ? (entry < 0 ? 0 : 1) : (entry < 0 ? values : entry));
    });
    builder_.add_table(std::move(table));
    for (std::int32_t v = 0; v < values; ++v) event_[atoms[v]] = {variable, boolean ? 1 : v, false};
  }

  // A Boolean whose rules have too wide a scope for one table: rules over the same variables become one Boolean each,
  // and their disjunction a chain.
  Event decompose(const std::vector<Case>& cases, const std::string& name) {
    std::map<std::vector<std::int32_t>, std::vector<Case>> by_scope;
    for (const Case& c : cases) by_scope[scope_of({c})].push_back({1, c.body});
    std::vector<Event> parts;
    for (const auto& [scope, same] : by_scope) {
      if (joint_size(scope) <= table_limit) {
        if (same.size() == 1 && scope.size() == 1) {
          parts.push_back(same.front().body.front());
          continue;
        }
        const std::int32_t part = builder_.add_variable(2, name + " by " + std::to_string(parts.size()));
        Table table{scope, {}};
        table.scope.push_back(part);
        for_each(scope, fill(same, scope), [&](const std::vector<std::int32_t>& joint, std::int32_t entry) {
          table.values.insert(table.values.end(), joint.begin(), joint.end());
          table.values.push_back(entry < 0 ? 0 : 1);
        });
        builder_.add_table(std::move(table));
        parts.push_back({part, 1, false});
      } else {
        for (const Case& c : same) parts.push_back(builder_.conjunction(c.body, name));
      }
    }
    return builder_.disjunction(parts, name);
  }

  // ---- what is fixed and what is asked

  void fix(const Event& e) {
    std::vector<std::uint8_t> mask(builder_.cardinality(e.variable));
    for (std::int32_t v = 0; v < static_cast<std::int32_t>(mask.size()); ++v) mask[v] = e.holds(v);
    fixed_.emplace_back(e.variable, std::move(mask));
  }

  void add_constraints() {
    std::map<std::vector<std::int32_t>, std::vector<Case>> by_scope;
    for (std::size_t c = 0; c + 1 < program_.constraint_begin.size(); ++c) {
      std::vector<std::vector<Event>> bodies;
      gather(program_.constraint_body.data() + program_.constraint_begin[c],
             program_.constraint_body.data() + program_.constraint_begin[c + 1], bodies);
      for (std::vector<Event>& body : bodies) {
        if (body.empty()) impossible_ = true;
        by_scope[scope_of({{1, body}})].push_back({1, body});
      }
    }
    for (const auto& [scope, cases] : by_scope) {
      if (scope.empty()) continue;
      if (scope.size() == 1) {
        std::vector<std::uint8_t> mask;
        for (const std::int32_t entry : fill(cases, scope)) mask.push_back(entry < 0);
        fixed_.emplace_back(scope.front(), std::move(mask));
      } else if (joint_size(scope) <= table_limit) {
        Table table{scope, {}};
        for_each(scope, fill(cases, scope), [&](const std::vector<std::int32_t>& joint, std::int32_t entry) {
          if (entry < 0) table.values.insert(table.values.end(), joint.begin(), joint.end());
        });
        builder_.add_table(std::move(table));
      } else {
        for (const Case& c : cases) fix(!builder_.conjunction(c.body, "constraint"));
      }
    }
  }

  void add_evidence() {
    for (const Literal lit : program_.evidence) fix(event_of(lit));
  }

  void add_queries() {
    for (const AtomId atom : program_.queries) queries_.push_back(event(atom));
  }

  std::vector<SlotLabels> add_slots(const EvidenceSlots& slots) {
    std::vector<SlotLabels> result;
    for (std::size_t s = 0; s < slots.functional.size(); ++s) {
      std::vector<Event> events;
      for (std::int64_t i = slots.begin[s]; i < slots.begin[s + 1]; ++i) events.push_back(event(slots.atom[i]));
      SlotLabels labels{events.front().variable, {}};
      const bool one_variable = std::all_of(events.begin(), events.end(), [&](const Event& e) {
        return e.variable == labels.variable;
      });
      if (!one_variable) events = select(events, "slot " + std::to_string(s));
      labels.variable = events.front().variable;
      const std::int32_t cardinality = builder_.cardinality(labels.variable);
      const std::size_t count = slots.functional[s] ? events.size() : 2;
      for (std::size_t l = 0; l < count; ++l) {
        std::vector<std::uint8_t> mask(cardinality, 1);
        for (std::int32_t v = 0; v < cardinality; ++v) {
          if (!slots.functional[s]) {
            mask[v] = events.front().holds(v) == (l == 1);
            continue;
          }
          for (std::size_t k = 0; k < events.size(); ++k) mask[v] = mask[v] && events[k].holds(v) == (k == l);
        }
        labels.masks.push_back(std::move(mask));
      }
      result.push_back(std::move(labels));
    }
    return result;
  }

  // One variable for exclusive events over several variables: its value is the event that holds, the last value none.
  std::vector<Event> select(const std::vector<Event>& events, const std::string& name) {
    const auto count = static_cast<std::int32_t>(events.size());
    const std::int32_t variable = builder_.add_variable(count + 1, name);
    std::vector<Event> result;
    for (std::int32_t k = 0; k < count; ++k) {
      // (event's variable, selector): the selector is k exactly where the event holds.
      Table table{{events[k].variable, variable}, {}};
      for (std::int32_t v = 0; v < builder_.cardinality(events[k].variable); ++v) {
        for (std::int32_t s = 0; s <= count; ++s) {
          if (events[k].holds(v) == (s == k)) table.values.insert(table.values.end(), {v, s});
        }
      }
      builder_.add_table(std::move(table));
      result.push_back({variable, k, false});
    }
    return result;
  }

  // ---- arrays

  Lowered finish(const std::vector<SlotLabels>& slots) {
    Lowered result;
    FactorGraph& graph = result.graph;
    graph.cardinality = builder_.cardinalities();
    graph.variable_name = builder_.names();
    graph.choice_count = static_cast<std::int32_t>(program_.choice_count());
    graph.choice_has_none = program_.choice_has_none;
    graph.impossible = impossible_;
    for (const auto& [variable, mask] : fixed_) {
      graph.fixed_variable.push_back(variable);
      graph.fixed_mask_begin.push_back(static_cast<std::int64_t>(graph.fixed_mask.size()));
      graph.fixed_mask.insert(graph.fixed_mask.end(), mask.begin(), mask.end());
    }
    for (const Event& query : queries_) {
      graph.query_variable.push_back(query.variable);
      graph.query_mask_begin.push_back(static_cast<std::int64_t>(graph.query_mask.size()));
      for (std::int32_t v = 0; v < builder_.cardinality(query.variable); ++v) graph.query_mask.push_back(query.holds(v));
    }
    for (const SlotLabels& slot : slots) {
      graph.slot_variable.push_back(slot.variable);
      graph.slot_label_count.push_back(static_cast<std::int32_t>(slot.masks.size()));
      graph.slot_mask_begin.push_back(static_cast<std::int64_t>(graph.slot_mask.size()));
      for (const auto& mask : slot.masks) graph.slot_mask.insert(graph.slot_mask.end(), mask.begin(), mask.end());
    }
    graph::freeze_tables(builder_.tables, graph);
    for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
      const Event e = program_.atom_kind[atom] == AtomKind::Certain ? Event{} : event_[atom];
      result.atom_variable.push_back(e.variable);
      result.atom_value.push_back(e.value);
      result.atom_negated.push_back(e.negated);
    }
    return result;
  }

  const GroundProgram& program_;
  const FunctionalDependencies& dependencies_;
  Builder builder_;
  std::vector<Event> event_;
  std::vector<std::vector<std::int32_t>> rules_of_;
  std::vector<std::pair<std::int32_t, std::vector<std::uint8_t>>> fixed_;
  std::vector<Event> queries_;
  bool impossible_;
};

}  // namespace

Lowered lower(const GroundProgram& program, const FunctionalDependencies& dependencies, const EvidenceSlots& slots,
              bool impossible) {
  return Lowering(program, dependencies, impossible).run(slots);
}

}  // namespace emnesy
