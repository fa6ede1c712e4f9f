// The factor graph under construction: variables and tables that still may change.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy::graph {

// A sparse table of allowed tuples, row-major in scope order; all weights are one.
struct Table {
  std::vector<std::int32_t> scope;
  std::vector<std::int32_t> values;

  std::size_t arity() const { return scope.size(); }
  std::size_t size() const { return scope.empty() ? 0 : values.size() / scope.size(); }
};

// "Variable has this value", or negated, "has another".
struct Event {
  std::int32_t variable = -1;
  std::int32_t value = 0;
  bool negated = false;

  bool holds(std::int32_t v) const { return (v == value) != negated; }
  Event operator!() const { return {variable, value, !negated}; }
  bool operator==(const Event& o) const { return variable == o.variable && value == o.value && negated == o.negated; }
};

// A literal of a structured factor: per value of the variable, does it hold?
struct LiteralMap {
  std::int32_t variable = -1;
  std::vector<std::int32_t> holds;
};
using Term = std::vector<LiteralMap>;

// A structured factor under construction.
struct Structured {
  FactorKind kind;
  std::vector<std::int32_t> scope;
  std::vector<std::vector<std::int32_t>> maps;  // one a scope position
  std::vector<std::int32_t> parameter;
  bool gated = false;
};

class Builder {
 public:
  // recognise: conjunctions and disjunctions of more than two events become structured factors.
  explicit Builder(bool recognise) : structured_(recognise) {}

  std::int32_t add_variable(std::int32_t cardinality, std::string name);
  void rename(std::int32_t variable, std::string name) { name_[variable] = std::move(name); }
  void add_table(Table table) { tables.push_back(std::move(table)); }
  std::int32_t cardinality(std::int32_t variable) const { return cardinality_[variable]; }

  // A Boolean variable that is the conjunction (disjunction) of events over distinct variables, as a chain of
  // three-variable tables; or the event itself where there is only one.
  Event conjunction(const std::vector<Event>& events, const std::string& name);
  Event disjunction(const std::vector<Event>& events, const std::string& name);

  // The variable with one value: what holds always.
  Event always();

  LiteralMap literal(const Event& event) const;
  // The Boolean that some term holds; variables occur once.
  Event add_disjunction(const std::vector<Term>& terms, const std::string& name);
  // "Not all of these events hold."
  void add_clause(const std::vector<Event>& events, bool gated);

  std::vector<Table> tables, gated_tables;
  std::vector<Structured> structured;
  const std::vector<std::int32_t>& cardinalities() const { return cardinality_; }
  const std::vector<std::string>& names() const { return name_; }

 private:
  std::vector<std::int32_t> cardinality_;
  std::vector<std::string> name_;
  std::int32_t constant_ = -1;
  bool structured_;
};

// Where a table has two variables of which one is a function of the other, or both are functions of a third, by tables of two
// variables: joins these tables to it, which closes no loop and adds no tuple but those of the argument.
void join_functions(std::vector<Table>& tables, std::size_t variable_count);

// Joins tables that share two variables or more while the joint table stays small; tables over one variable
// stay as they are. Deterministic: tables are taken in order.
void merge_tables(std::vector<Table>& tables, std::size_t variable_count);

// Tables that say that two variables differ, or are the same, up to the names of their values: such pairs become not-equal
// factors, cliques of them all-different ones and components of equalities one factor each. See recognise_pairs.cpp.
void recognise_pairs(std::vector<Table>& tables, bool gated, Builder& builder);

// Cliques that cover all edges of a graph. edges: pairs a < b, sorted; may_join(clique, vertex): may it get this vertex?
// Greedy: the first edge that is not covered yet grows by the vertex that covers most new edges, the least of equals.
std::vector<std::vector<std::int32_t>> cover_by_cliques(
    const std::vector<std::pair<std::int32_t, std::int32_t>>& edges,
    const std::function<bool(const std::vector<std::int32_t>&, std::int32_t)>& may_join);

// Writes the tables into `graph`, sorted and sliced at the variable that most evidence slots speak of.
void freeze_tables(const std::vector<Table>& tables, bool gated, FactorGraph& graph);
void freeze_structured(const std::vector<Structured>& factors, FactorGraph& graph);

}  // namespace emnesy::graph
