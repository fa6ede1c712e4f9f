// A factor graph as text, for people and for golden tests.
#include <sstream>

#include "emnesy/factor_graph.hpp"

namespace emnesy {
namespace {

void write_values(std::ostream& out, const std::vector<std::uint8_t>& mask, std::int64_t begin, std::int32_t count) {
  const char* separator = "{";
  bool any = false;
  for (std::int32_t v = 0; v < count; ++v) {
    if (!mask[begin + v]) continue;
    out << separator << v;
    separator = ",";
    any = true;
  }
  out << (any ? "}" : "{}");
}

const char* name_of(FactorKind kind) {
  switch (kind) {
    case FactorKind::Table: return "table";
    case FactorKind::NotEqual: return "not equal";
    case FactorKind::AllDifferent: return "all different";
    case FactorKind::Equal: return "equal";
    case FactorKind::Disjunction: return "disjunction";
    case FactorKind::Clause: return "clause";
    case FactorKind::Sum: return "sum";
    case FactorKind::Minimum: return "minimum";
    case FactorKind::Maximum: return "maximum";
  }
  return "?";
}

// Parameters, then a line a scope position with the meaning of its values.
void write_structured(std::ostream& out, const FactorGraph& g, std::size_t f) {
  out << ", parameters";
  for (std::int64_t i = g.parameter_begin[f]; i < g.parameter_begin[f + 1]; ++i) out << ' ' << g.parameter[i];
  out << '\n';
  const std::int32_t* map = g.value_maps(f);
  for (std::int64_t i = g.scope_begin[f]; i < g.scope_begin[f + 1]; ++i) {
    out << "  " << g.variable_name[g.scope[i]] << ':';
    for (std::int32_t v = 0; v < g.cardinality[g.scope[i]]; ++v) out << ' ' << *map++;
    out << '\n';
  }
}

void write_factor(std::ostream& out, const FactorGraph& g, std::size_t f) {
  const std::int64_t arity = g.scope_begin[f + 1] - g.scope_begin[f];
  const std::int64_t count = g.tuple_begin[f + 1] - g.tuple_begin[f];
  out << "factor " << f << ": " << (g.is_gated(f) ? "gated " : "") << name_of(g.factor_kind[f]) << '(';
  for (std::int64_t i = 0; i < arity; ++i) {
    out << (i == 0 ? "" : ", ") << g.variable_name[g.scope[g.scope_begin[f] + i]];
  }
  out << ')';
  if (g.factor_kind[f] != FactorKind::Table) return write_structured(out, g, f);
  out << ", " << count << (count == 1 ? " tuple" : " tuples");
  if (g.slice_position[f] >= 0) out << ", sliced by " << g.variable_name[g.scope[g.scope_begin[f] + g.slice_position[f]]];
  out << '\n';
  for (std::int64_t t = 0; t < count; ++t) {
    out << "  ";
    for (std::int64_t i = 0; i < arity; ++i) {
      out << (i == 0 ? "" : " ") << g.tuple_value[g.tuple_value_begin[f] + t * arity + i];
    }
    if (!g.unit_weight[f]) out << " : " << g.tuple_weight[g.tuple_begin[f] + t];
    out << '\n';
  }
}

}  // namespace

std::string FactorGraph::dump() const {
  std::ostringstream out;
  out.precision(17);
  if (impossible) out << "impossible\n";
  for (std::size_t v = 0; v < variable_count(); ++v) {
    const bool choice = v < static_cast<std::size_t>(choice_count);
    out << (choice ? "choice " : "cell ") << v << ": " << variable_name[v] << ", " << cardinality[v] << " values";
    if (choice && choice_has_none[v]) out << ", the last is none";
    out << '\n';
  }
  if (gate_variable >= 0) out << "gate: " << variable_name[gate_variable] << '\n';
  for (std::size_t f = 0; f < factor_count(); ++f) write_factor(out, *this, f);
  for (std::size_t s = 0; s < slot_variable.size(); ++s) {
    out << "slot " << s << ": " << variable_name[slot_variable[s]] << " in";
    for (std::int32_t l = 0; l < slot_label_count[s]; ++l) {
      out << ' ';
      write_values(out, slot_mask, slot_mask_begin[s] + static_cast<std::int64_t>(l) * cardinality[slot_variable[s]],
                   cardinality[slot_variable[s]]);
    }
    out << '\n';
  }
  for (std::size_t i = 0; i < fixed_variable.size(); ++i) {
    out << "fixed: " << variable_name[fixed_variable[i]] << " in ";
    write_values(out, fixed_mask, fixed_mask_begin[i], cardinality[fixed_variable[i]]);
    out << '\n';
  }
  for (std::size_t i = 0; i < query_variable.size(); ++i) {
    out << "query " << i << ": " << variable_name[query_variable[i]] << " in ";
    write_values(out, query_mask, query_mask_begin[i], cardinality[query_variable[i]]);
    out << '\n';
  }
  return out.str();
}

}  // namespace emnesy
