#include "builder.hpp"

namespace emnesy::graph {
namespace {

// result = AND of two events, as the allowed tuples of (a's variable, b's variable, result).
Table and_table(const Event& a, std::int32_t a_cardinality, const Event& b, std::int32_t b_cardinality,
                std::int32_t result) {
  Table table{{a.variable, b.variable, result}, {}};
  for (std::int32_t x = 0; x < a_cardinality; ++x) {
    for (std::int32_t y = 0; y < b_cardinality; ++y) {
      table.values.insert(table.values.end(), {x, y, a.holds(x) && b.holds(y) ? 1 : 0});
    }
  }
  return table;
}

}  // namespace

std::int32_t Builder::add_variable(std::int32_t cardinality, std::string name) {
  cardinality_.push_back(cardinality);
  name_.push_back(std::move(name));
  return static_cast<std::int32_t>(cardinality_.size()) - 1;
}

Event Builder::conjunction(const std::vector<Event>& events, const std::string& name) {
  if (events.empty()) return always();
  if (structured_ && events.size() > 2) {
    std::vector<Term> terms;
    for (const Event& event : events) terms.push_back({literal(!event)});
    return !add_disjunction(terms, name);
  }
  Event all = events.front();
  for (std::size_t i = 1; i < events.size(); ++i) {
    const std::int32_t result = add_variable(2, name);
    add_table(and_table(all, cardinality(all.variable), events[i], cardinality(events[i].variable), result));
    all = Event{result, 1, false};
  }
  return all;
}

Event Builder::disjunction(const std::vector<Event>& events, const std::string& name) {
  std::vector<Event> negated;
  for (const Event& event : events) negated.push_back(!event);
  return !conjunction(negated, name);
}

LiteralMap Builder::literal(const Event& event) const {
  LiteralMap result{event.variable, {}};
  for (std::int32_t v = 0; v < cardinality(event.variable); ++v) result.holds.push_back(event.holds(v) ? 1 : 0);
  return result;
}

Event Builder::add_disjunction(const std::vector<Term>& terms, const std::string& name) {
  Structured factor{FactorKind::Disjunction, {}, {}, {}, false};
  for (const Term& term : terms) {
    factor.parameter.push_back(static_cast<std::int32_t>(term.size()));
    for (const LiteralMap& literal : term) {
      factor.scope.push_back(literal.variable);
      factor.maps.push_back(literal.holds);
    }
  }
  const Event result{add_variable(2, name), 1, false};
  factor.scope.push_back(result.variable);
  factor.maps.push_back({0, 1});
  structured.push_back(std::move(factor));
  return result;
}

void Builder::add_clause(const std::vector<Event>& events, bool gated) {
  Structured factor{FactorKind::Clause, {}, {}, std::vector<std::int32_t>(events.size(), 1), gated};
  for (const Event& event : events) {
    factor.scope.push_back(event.variable);
    factor.maps.push_back(literal(!event).holds);
  }
  structured.push_back(std::move(factor));
}

Event Builder::always() {
  if (constant_ < 0) constant_ = add_variable(1, "true");
  return {constant_, 0, false};
}

}  // namespace emnesy::graph
