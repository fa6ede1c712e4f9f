// Observed predicates with their computed numbers written out.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "emnesy/numbers.hpp"

namespace emnesy {
namespace {

class Writing {
 public:
  Writing(const GroundProgram& program, const FewNumbers& few) : out_(program), few_(few), first_rule_(program.atom_count(), -1) {
    for (std::size_t r = program.rule_count(); r-- > 0;) first_rule_[program.rule_head[r]] = static_cast<std::int32_t>(r);
    for (AtomId atom = 0; atom < static_cast<AtomId>(program.atom_count()); ++atom) {
      if (program.atom_kind[atom] != AtomKind::Condition) continue;
      const ValueId* sides = program.atom_argument.data() + program.atom_argument_begin[atom];
      if (program.atom_predicate[atom] == equal) known_.emplace(std::minmax({sides[0], sides[1]}), atom);
    }
  }

  GroundProgram run(const std::vector<std::int32_t>& predicates) {
    for (const std::int32_t predicate : predicates) add_predicate(predicate);
    std::vector<AtomId> written;
    for (const NumberQuery& query : few_.queries) written.push_back(add_atom(query));
    for (const auto& [atom, query] : few_.readings) {
      if (out_.atom_kind[atom] == AtomKind::Certain && !symbolic(atom)) {
        out_.atom_kind[written[query]] = AtomKind::Certain;
      }
    }
    for (const auto& [atom, query] : few_.readings) {
      if (out_.atom_kind[written[query]] != AtomKind::Certain) add_rule(atom, written[query]);
    }
    for (std::int32_t& observed : out_.observed_predicates) {
      const auto place = twin_.find(observed);
      if (place != twin_.end()) observed = place->second;
    }
    return std::move(out_);
  }

 private:
  static constexpr auto equal = static_cast<std::int32_t>(Comparison::Equal);

  bool symbolic(AtomId atom) const {
    return std::any_of(arguments(atom), arguments(atom) + out_.predicate_arity[out_.atom_predicate[atom]],
                       [&](ValueId value) { return out_.values.is_symbolic(value); });
  }

  const ValueId* arguments(AtomId atom) const { return out_.atom_argument.data() + out_.atom_argument_begin[atom]; }

  void add_predicate(std::int32_t predicate) {
    twin_[predicate] = static_cast<std::int32_t>(out_.predicate_name.size());
    out_.predicate_name.push_back(std::string(out_.predicate_name[predicate]));
    out_.predicate_arity.push_back(std::int32_t{out_.predicate_arity[predicate]});
    out_.predicate_aggregate.push_back(Aggregate::None);
    out_.predicate_aggregate_position.push_back(-1);
    // Numbers of one argument are written alike: as integers where all of them are whole.
    std::vector<std::uint8_t>& whole = whole_[predicate];
    whole.assign(static_cast<std::size_t>(out_.predicate_arity[predicate]), 1);
    for (const NumberQuery& query : few_.queries) {
      if (out_.atom_predicate[query.source] != predicate) continue;
      for (std::size_t i = 0; i < whole.size(); ++i) {
        const auto& [number, term] = query.argument[i];
        if (term == GroundProgram::no_value && (number != std::floor(number) || std::fabs(number) >= 9e15)) whole[i] = 0;
      }
    }
  }

  ValueId value(double number, bool whole) {
    return whole ? out_.values.integer(static_cast<std::int64_t>(number)) : out_.values.real(number);
  }

  AtomId push_atom(AtomKind kind, std::int32_t predicate, const std::vector<ValueId>& values) {
    out_.atom_kind.push_back(kind);
    out_.atom_predicate.push_back(predicate);
    out_.atom_argument.insert(out_.atom_argument.end(), values.begin(), values.end());
    out_.atom_argument_begin.push_back(static_cast<std::int64_t>(out_.atom_argument.size()));
    out_.atom_first.push_back(-1);
    out_.atom_second.push_back(-1);
    return static_cast<AtomId>(out_.atom_count()) - 1;
  }

  AtomId add_atom(const NumberQuery& query) {
    const std::int32_t predicate = out_.atom_predicate[query.source];
    std::vector<ValueId> values;
    for (std::size_t i = 0; i < query.argument.size(); ++i) {
      const auto& [number, term] = query.argument[i];
      values.push_back(term == GroundProgram::no_value ? value(number, whole_[predicate][i] != 0) : term);
    }
    return push_atom(AtomKind::Derived, twin_[predicate], values);
  }

  AtomId condition(ValueId term, ValueId number) {
    const auto [place, fresh] = known_.emplace(std::minmax(term, number), -1);
    if (fresh) place->second = push_atom(AtomKind::Condition, equal, {term, number});
    return place->second;
  }

  void add_rule(AtomId source, AtomId head) {
    const std::int32_t arity = out_.predicate_arity[out_.atom_predicate[source]];
    std::vector<Literal> body;
    bool implied = out_.atom_kind[source] == AtomKind::Certain;  // by a condition: a cell has a number where its atom holds
    for (std::int32_t i = 0; i < arity; ++i) {
      const ValueId term = arguments(source)[i];
      if (!out_.values.is_symbolic(term)) continue;
      if (out_.values.kind(term) == ValueKind::Cell) {
        implied = implied || out_.cell_atom[static_cast<std::size_t>(out_.values.as_integer(term))] == source;
      }
      body.push_back(literal(condition(term, arguments(head)[i]), false));
    }
    if (!implied) body.push_back(literal(source, false));
    std::sort(body.begin(), body.end());
    body.erase(std::unique(body.begin(), body.end()), body.end());
    out_.rule_head.push_back(head);
    out_.rule_body.append(body.data(), body.data() + body.size());
    out_.rule_body_begin.push_back(static_cast<std::int64_t>(out_.rule_body.size()));
    const std::int32_t like = first_rule_[source];
    out_.rule_origin.push_back(like < 0 ? 0 : std::int32_t{out_.rule_origin[like]});
    out_.rule_contribution.push_back(GroundProgram::no_value);
    out_.rule_witness.push_back(GroundProgram::no_value);
  }

  GroundProgram out_;
  const FewNumbers& few_;
  std::vector<std::int32_t> first_rule_;
  std::map<std::pair<ValueId, ValueId>, AtomId> known_;  // equations, smaller side first
  std::map<std::int32_t, std::int32_t> twin_;            // predicate -> the written out one
  std::map<std::int32_t, std::vector<std::uint8_t>> whole_;
};

}  // namespace

std::optional<GroundProgram> write_out_observed(const GroundProgram& program, const FunctionalDependencies& dependencies) {
  std::vector<std::uint8_t> computed(program.predicate_name.size(), 0);
  for (AtomId atom = 0; atom < static_cast<AtomId>(program.atom_count()); ++atom) {
    if (program.atom_kind[atom] != AtomKind::Derived && program.atom_kind[atom] != AtomKind::Certain) continue;
    for (std::int64_t i = program.atom_argument_begin[atom]; i < program.atom_argument_begin[atom + 1]; ++i) {
      if (program.values.is_symbolic(program.atom_argument[i])) computed[program.atom_predicate[atom]] = 1;
    }
  }
  std::vector<std::int32_t> predicates;
  for (const std::int32_t predicate : program.observed_predicates) {
    if (computed[predicate] != 0) predicates.push_back(predicate);
  }
  if (predicates.empty()) return std::nullopt;
  GroundProgram asked = program;
  asked.queries.clear();
  for (AtomId atom = 0; atom < static_cast<AtomId>(program.atom_count()); ++atom) {
    if (program.atom_kind[atom] != AtomKind::Derived && program.atom_kind[atom] != AtomKind::Certain) continue;
    const std::int32_t predicate = program.atom_predicate[atom];
    if (std::find(predicates.begin(), predicates.end(), predicate) != predicates.end()) asked.queries.push_back(atom);
  }
  const auto few = expand_numbers(asked, dependencies, true);
  return Writing(program, *few).run(predicates);
}

}  // namespace emnesy
