// From the rules of a variable to tables and structured factors.
#include <algorithm>
#include <functional>
#include <map>

#include "lowering.hpp"

namespace emnesy::graph {

bool Lowering::gather(const Literal* first, const Literal* last, std::vector<std::vector<Event>>& bodies) {
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

void Lowering::lower_node(std::int32_t node) {
  if (fold_of_[node] >= 0) return lower_fold(folds_[fold_of_[node]]);
  const auto groups = static_cast<std::int32_t>(dependencies_.group_count());
  std::vector<AtomId> atoms;
  if (node < groups) {
    atoms.assign(dependencies_.group_atom.begin() + dependencies_.group_begin[node],
                 dependencies_.group_atom.begin() + dependencies_.group_begin[node + 1]);
  } else {
    if (program_.atom_kind[node - groups] != AtomKind::Derived || dependencies_.atom_group[node - groups] >= 0) return;
    atoms = {node - groups};
    if (inlined_[atoms.front()]) return;
    if (atoms.front() == gate_atom_) {
      gate_ = builder_.add_variable(2, name_of(gate_atom_));
      event_[gate_atom_] = {gate_, 1, gate_negated_};
      return;
    }
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
  std::vector<std::int32_t> scope = scope_of(cases);
  std::int64_t joint = joint_size(scope);
  const std::int64_t limit = std::max<std::int64_t>(table_limit, 4 * static_cast<std::int64_t>(cases.size()));
  if (atoms.size() > 1 && joint > limit && identify_values(cases, scope, limit)) {
    scope = scope_of(cases);
    joint = joint_size(scope);
  }
  const bool wide = recognise() && atoms.size() == 1 && joint > small_table && read_once(cases);
  if (!wide && joint <= limit) {
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

bool Lowering::rename(const std::vector<AtomId>& atoms, const std::vector<Case>& cases) {
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

std::vector<std::int32_t> Lowering::scope_of(const std::vector<Case>& cases) {
  std::vector<std::int32_t> scope;
  for (const Case& c : cases) {
    for (const Event& e : c.body) scope.push_back(e.variable);
  }
  std::sort(scope.begin(), scope.end());
  scope.erase(std::unique(scope.begin(), scope.end()), scope.end());
  return scope;
}

std::int64_t Lowering::joint_size(const std::vector<std::int32_t>& scope) const {
  std::int64_t size = 1;
  for (const std::int32_t variable : scope) {
    size *= builder_.cardinality(variable);
    if (size > (std::int64_t{1} << 40)) break;
  }
  return size;
}

// Such a variable is replaced by a function of it: one value for each that is named, one for all others. Booleans, one a
// head, which would stand there otherwise, share their arguments and so close loops.
bool Lowering::identify_values(std::vector<Case>& cases, const std::vector<std::int32_t>& scope, std::int64_t limit) {
  std::map<std::int32_t, std::vector<std::int32_t>> named;
  for (const Case& c : cases) {
    for (const Event& e : c.body) named[e.variable].push_back(e.value);
  }
  std::int64_t joint = 1;
  for (const std::int32_t variable : scope) {
    std::vector<std::int32_t>& values = named[variable];
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    joint *= std::min<std::int64_t>(builder_.cardinality(variable), static_cast<std::int64_t>(values.size()) + 1);
    if (joint > limit) return false;
  }
  std::map<std::int32_t, std::int32_t> function;
  for (const auto& [variable, values] : named) {
    const auto others = static_cast<std::int32_t>(values.size());
    if (others + 1 >= builder_.cardinality(variable)) continue;
    const std::int32_t image = builder_.add_variable(others + 1, builder_.names()[variable] + " or another");
    Table table{{variable, image}, {}};
    for (std::int32_t v = 0; v < builder_.cardinality(variable); ++v) {
      const auto found = std::lower_bound(values.begin(), values.end(), v);
      const bool is_named = found != values.end() && *found == v;
      table.values.push_back(v);
      table.values.push_back(is_named ? static_cast<std::int32_t>(found - values.begin()) : others);
    }
    builder_.add_table(std::move(table));
    function[variable] = image;
  }
  for (Case& c : cases) {
    for (Event& e : c.body) {
      const auto image = function.find(e.variable);
      if (image == function.end()) continue;
      const std::vector<std::int32_t>& values = named[e.variable];
      e.value = static_cast<std::int32_t>(std::lower_bound(values.begin(), values.end(), e.value) - values.begin());
      e.variable = image->second;
    }
    std::sort(c.body.begin(), c.body.end(), [](const Event& a, const Event& b) { return a.variable < b.variable; });
  }
  return true;
}

std::vector<std::int32_t> Lowering::fill(const std::vector<Case>& cases, const std::vector<std::int32_t>& scope) const {
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

void Lowering::tabulate(const std::vector<AtomId>& atoms, const std::vector<Case>& cases, const std::vector<std::int32_t>& scope) {
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

Event Lowering::tabulate_part(const std::vector<Case>& cases, const std::vector<std::int32_t>& scope, std::string name) {
  const std::int32_t part = builder_.add_variable(2, std::move(name));
  Table table{scope, {}};
  table.scope.push_back(part);
  for_each(scope, fill(cases, scope), [&](const std::vector<std::int32_t>& joint, std::int32_t entry) {
    table.values.insert(table.values.end(), joint.begin(), joint.end());
    table.values.push_back(entry < 0 ? 0 : 1);
  });
  builder_.add_table(std::move(table));
  return {part, 1, false};
}

Event Lowering::decompose(const std::vector<Case>& cases, const std::string& name) {
  if (recognise()) return disjunction_factor(cases, name);
  std::map<std::vector<std::int32_t>, std::vector<Case>> by_scope;
  for (const Case& c : cases) by_scope[scope_of({c})].push_back({1, c.body});
  std::vector<Event> parts;
  for (const auto& [scope, same] : by_scope) {
    if (joint_size(scope) > table_limit) {
      for (const Case& c : same) parts.push_back(builder_.conjunction(c.body, name));
    } else if (same.size() == 1 && scope.size() == 1) {
      parts.push_back(same.front().body.front());
    } else {
      parts.push_back(tabulate_part(same, scope, name + " by " + std::to_string(parts.size())));
    }
  }
  return builder_.disjunction(parts, name);
}

// Rules over variables that no other of them has are terms; the others, and several rules over the same variables,
// get a Boolean first.
Event Lowering::disjunction_factor(const std::vector<Case>& cases, const std::string& name) {
  std::map<std::vector<std::int32_t>, std::vector<Case>> by_scope;
  for (const Case& c : cases) by_scope[scope_of({c})].push_back({1, c.body});
  std::map<std::int32_t, int> scopes_with;
  for (const auto& entry : by_scope) {
    for (const std::int32_t variable : entry.first) ++scopes_with[variable];
  }
  std::vector<Term> terms;
  for (const auto& [scope, same] : by_scope) {
    const bool alone = std::all_of(scope.begin(), scope.end(), [&](std::int32_t v) { return scopes_with[v] == 1; });
    if (scope.size() == 1) {  // one literal: any set of the variable's values
      LiteralMap literal{scope.front(), {}};
      for (const std::int32_t entry : fill(same, scope)) literal.holds.push_back(entry < 0 ? 0 : 1);
      terms.push_back({std::move(literal)});
    } else if (same.size() == 1 && alone) {
      Term term;
      for (const Event& e : same.front().body) term.push_back(builder_.literal(e));
      terms.push_back(std::move(term));
    } else if (joint_size(scope) <= table_limit) {
      const std::string part = name + " by " + std::to_string(terms.size());
      terms.push_back({builder_.literal(tabulate_part(same, scope, part))});
    } else {
      for (const Case& c : same) terms.push_back({builder_.literal(builder_.conjunction(c.body, name))});
    }
  }
  return builder_.add_disjunction(terms, name);
}

// Does every variable occur in one case only?
bool Lowering::read_once(const std::vector<Case>& cases) const {
  std::vector<std::int32_t> variables;
  for (const Case& c : cases) {
    for (const Event& e : c.body) variables.push_back(e.variable);
  }
  std::sort(variables.begin(), variables.end());
  return std::adjacent_find(variables.begin(), variables.end()) == variables.end();
}

}  // namespace emnesy::graph
