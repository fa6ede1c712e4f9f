// What the program fixes, what it asks, and what examples may observe.
#include <algorithm>
#include <map>

#include "lowering.hpp"

namespace emnesy::graph {

void Lowering::fix(const Event& e) {
  std::vector<std::uint8_t> mask(builder_.cardinality(e.variable));
  for (std::int32_t v = 0; v < static_cast<std::int32_t>(mask.size()); ++v) mask[v] = e.holds(v);
  fixed_.emplace_back(e.variable, std::move(mask));
}

void Lowering::add_nogoods() {
  for (const bool gated : {false, true}) {
    std::map<std::vector<std::int32_t>, std::vector<Case>> by_scope;
    for (const Nogood& nogood : nogoods_) {
      if (nogood.gated != gated) continue;
      std::vector<std::vector<Event>> bodies;
      gather(nogood.body.data(), nogood.body.data() + nogood.body.size(), bodies);
      for (std::vector<Event>& body : bodies) by_scope[scope_of({{1, body}})].push_back({1, body});
    }
    for (const auto& [scope, cases] : by_scope) forbid(scope, cases, gated);
  }
}

void Lowering::forbid(const std::vector<std::int32_t>& scope, const std::vector<Case>& cases, bool gated) {
  if (scope.empty()) {  // it holds always
    if (gated) {
      builder_.gated_tables.push_back({{builder_.always().variable}, {}});
    } else {
      impossible_ = true;
    }
  } else if (scope.size() == 1 && !gated) {
    std::vector<std::uint8_t> mask;
    for (const std::int32_t entry : fill(cases, scope)) mask.push_back(entry < 0);
    fixed_.emplace_back(scope.front(), std::move(mask));
  } else if (joint_size(scope) <= table_limit) {
    Table table{scope, {}};
    for_each(scope, fill(cases, scope), [&](const std::vector<std::int32_t>& joint, std::int32_t entry) {
      if (entry < 0) table.values.insert(table.values.end(), joint.begin(), joint.end());
    });
    (gated ? builder_.gated_tables : builder_.tables).push_back(std::move(table));
  } else if (recognise()) {
    for (const Case& c : cases) builder_.add_clause(c.body, gated);
  } else {
    for (const Case& c : cases) fix(!builder_.conjunction(c.body, "constraint"));
  }
}

void Lowering::add_queries() {
  for (const AtomId atom : program_.queries) queries_.push_back(event(atom));
}

std::vector<Lowering::SlotLabels> Lowering::add_slots() {
  std::vector<SlotLabels> result;
  for (std::size_t s = 0; s < slots_.functional.size(); ++s) {
    std::vector<Event> events;
    for (std::int64_t i = slots_.begin[s]; i < slots_.begin[s + 1]; ++i) events.push_back(event(slots_.atom[i]));
    SlotLabels labels{events.front().variable, {}};
    const bool one_variable = std::all_of(events.begin(), events.end(), [&](const Event& e) {
      return e.variable == labels.variable;
    });
    if (!one_variable) events = select(events, "slot " + std::to_string(s));
    labels.variable = events.front().variable;
    const std::int32_t cardinality = builder_.cardinality(labels.variable);
    const std::size_t count = slots_.functional[s] ? events.size() : 2;
    for (std::size_t l = 0; l < count; ++l) {
      std::vector<std::uint8_t> mask(cardinality, 1);
      for (std::int32_t v = 0; v < cardinality; ++v) {
        if (!slots_.functional[s]) {
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

std::vector<Event> Lowering::select(const std::vector<Event>& events, const std::string& name) {
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

}  // namespace emnesy::graph
