// The ground program as text, close to ProbLog's syntax.
#include <cmath>
#include <sstream>

#include "emnesy/ground_program.hpp"

namespace emnesy {

namespace {

const char* const kComparisons[] = {"=:=", "=\\=", "<", "=<", ">", ">="};
const char* const kKinds[] = {"fixed", "learned", "neural"};
const char* const kAggregates[] = {"",    "count", "sum",    "min",    "max",
                                   "avg", "argmin", "argmax", "any", "all"};

std::string comma_separated(const GroundProgram& program, const Literal* begin, const Literal* end) {
  std::string out;
  for (const Literal* lit = begin; lit != end; ++lit) {
    if (lit != begin) out += ", ";
    if (literal_negated(*lit)) out += "not ";
    out += program.format_atom(literal_atom(*lit));
  }
  return out;
}

// A rule's head; for an aggregate with what the rule contributes in the aggregate's place.
std::string format_head(const GroundProgram& program, std::size_t rule) {
  const AtomId atom = program.rule_head[rule];
  const std::int32_t predicate = program.atom_predicate[atom];
  const Aggregate aggregate = program.predicate_aggregate[predicate];
  if (aggregate == Aggregate::None) return program.format_atom(atom);
  std::string out = program.predicate_name[predicate] + "(";
  const std::int64_t begin = program.atom_argument_begin[atom];
  for (std::int32_t i = 0; i < program.predicate_arity[predicate]; ++i) {
    if (i) out += ",";
    if (i != program.predicate_aggregate_position[predicate]) {
      out += program.values.format(program.atom_argument[begin + i]);
      continue;
    }
    out += kAggregates[static_cast<int>(aggregate)];
    out += "<";
    if (program.rule_witness[rule] != GroundProgram::no_value)
      out += program.values.format(program.rule_witness[rule]) + ",";
    if (program.rule_contribution[rule] != GroundProgram::no_value)
      out += program.values.format(program.rule_contribution[rule]);
    out += ">";
  }
  return out + ")";
}

}  // namespace

std::string GroundProgram::format_atom(AtomId atom) const {
  if (atom_kind[atom] == AtomKind::Choice)
    return "c" + std::to_string(atom_first[atom]) + "=" + std::to_string(atom_second[atom]);
  const std::int64_t begin = atom_argument_begin[atom], end = atom_argument_begin[atom + 1];
  if (atom_kind[atom] == AtomKind::Condition)
    return values.format(atom_argument[begin]) + " " + kComparisons[atom_predicate[atom]] + " " +
           values.format(atom_argument[begin + 1]);
  std::string out = values.format_symbol(predicate_name[atom_predicate[atom]]);
  for (std::int64_t i = begin; i < end; ++i)
    out += (i == begin ? "(" : ",") + values.format(atom_argument[i]);
  return end > begin ? out + ")" : out;
}

std::string GroundProgram::dump() const {
  std::ostringstream out;
  out << "% " << atom_count() << " atoms, " << choice_count() << " choices, " << rule_count()
      << " rules, " << cell_atom.size() << " cells\n";
  for (std::size_t c = 0; c < choice_count(); ++c) {
    out << "c" << c << ": " << kKinds[static_cast<int>(choice_kind[c])] << ", rule "
        << choice_origin[c] << " (";
    for (std::int64_t k = choice_key_begin[c]; k < choice_key_begin[c + 1]; ++k)
      out << (k > choice_key_begin[c] ? "," : "") << values.format(choice_key[k]);
    out << "):";
    for (std::int64_t k = choice_alternative_begin[c]; k < choice_alternative_begin[c + 1]; ++k) {
      out << " ";
      if (std::isnan(choice_probability[k]))
        out << "_";
      else
        out << choice_probability[k];
      out << "::" << format_atom(choice_alternative[k]);
    }
    out << (choice_has_none[c] ? " or none\n" : "\n");
  }
  for (std::size_t atom = 0; atom < atom_count(); ++atom)
    if (atom_kind[atom] == AtomKind::Certain) out << format_atom(static_cast<AtomId>(atom)) << ".\n";
  for (std::size_t rule = 0; rule < rule_count(); ++rule) {
    out << format_head(*this, rule);
    const std::int64_t begin = rule_body_begin[rule], end = rule_body_begin[rule + 1];
    if (begin < end) out << " :- " << comma_separated(*this, rule_body.data() + begin, rule_body.data() + end);
    out << ".\n";
  }
  for (std::size_t i = 0; i + 1 < constraint_begin.size(); ++i)
    out << ":- "
        << comma_separated(*this, constraint_body.data() + constraint_begin[i],
                           constraint_body.data() + constraint_begin[i + 1])
        << ".\n";
  for (const Literal lit : evidence)
    out << "evidence(" << format_atom(literal_atom(lit)) << (literal_negated(lit) ? ", false" : "")
        << ").\n";
  for (const AtomId query : queries) out << "query(" << format_atom(query) << ").\n";
  for (const std::int32_t predicate : observed_predicates)
    out << "observe " << predicate_name[predicate] << "/" << predicate_arity[predicate] << ".\n";
  return out.str();
}

}  // namespace emnesy
