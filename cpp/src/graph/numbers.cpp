#include "emnesy/numbers.hpp"

#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "emnesy/components.hpp"
#include "emnesy/lower.hpp"
#include "rewrite.hpp"
#include "simulator/rows.hpp"
#include "simulator/terms.hpp"

namespace emnesy {
namespace {

using simulator::Terms;

// A number of a world, or a partial result of an aggregate (averages: sum and count; winners: number and rank).
using Key = std::pair<double, double>;

// Exclusive atoms, one a value; where none of them holds, there is no number.
using Number = std::map<Key, AtomId>;

bool computes(const GroundProgram& program, AtomId atom) {
  if (program.atom_kind[atom] == AtomKind::Condition) return true;
  if (program.atom_kind[atom] != AtomKind::Derived) return false;
  const Aggregate aggregate = program.predicate_aggregate[program.atom_predicate[atom]];
  return aggregate != Aggregate::None && aggregate != Aggregate::Any;
}

class Expansion {
 public:
  Expansion(const GroundProgram& program, const FunctionalDependencies& dependencies, bool keep_folds)
      : program_(program), keep_folds_(keep_folds), out_(program, dependencies), terms_(program.values, arithmetic_),
        number_(program.cell_atom.size()), done_(program.cell_atom.size(), 0), rules_of_(program.atom_count()) {
    for (std::size_t r = 0; r < program.rule_count(); ++r) rules_of_[program.rule_head[r]].push_back(static_cast<std::int32_t>(r));
  }

  FewNumbers run() {
    refuse_recursion();
    for (std::size_t c = 0; c < number_.size(); ++c) number(static_cast<std::int32_t>(c));
    for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
      if (program_.atom_kind[atom] == AtomKind::Condition) {
        add_condition(atom);
      } else if (!computes(program_, atom)) {
        for (const std::int32_t r : rules_of_[atom]) out_.add_rule(atom, body_of(r));
      }
    }
    for (const std::vector<AtomId>& candidates : contests_) add_contest(candidates);
    std::fill(out_.program.predicate_aggregate.begin(), out_.program.predicate_aggregate.end(), Aggregate::None);
    add_queries();
    return {std::move(out_.program), std::move(out_.dependencies), std::move(queries_),
            {readings_.begin(), readings_.end()}, std::move(folds_)};
  }

 private:
  std::vector<Literal> body_of(std::int32_t r) const {
    std::vector<Literal> body;
    for (std::int64_t i = program_.rule_body_begin[r]; i < program_.rule_body_begin[r + 1]; ++i) {
      body.push_back(program_.rule_body[i]);
    }
    return body;
  }

  Aggregate aggregate_of(AtomId atom) const { return program_.predicate_aggregate[program_.atom_predicate[atom]]; }

  [[noreturn]] void refuse(AtomId atom) const { throw NotLowerable(NotLowerable::Reason::Computed, {atom}); }

  // Candidates of one argmin or argmax are one node: each depends on all. Groups them on the way.
  void refuse_recursion() {
    std::vector<std::int32_t> unit(program_.atom_count());
    std::iota(unit.begin(), unit.end(), 0);
    std::map<std::vector<ValueId>, std::int32_t> known;
    for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
      if (program_.atom_kind[atom] != AtomKind::Derived) continue;
      if (aggregate_of(atom) != Aggregate::ArgMin && aggregate_of(atom) != Aggregate::ArgMax) continue;
      const std::int32_t predicate = program_.atom_predicate[atom], position = program_.predicate_aggregate_position[predicate];
      std::vector<ValueId> key{static_cast<ValueId>(predicate)};
      for (std::int64_t i = program_.atom_argument_begin[atom]; i < program_.atom_argument_begin[atom + 1]; ++i) {
        if (i - program_.atom_argument_begin[atom] != position) key.push_back(program_.atom_argument[i]);
      }
      const auto [place, fresh] = known.emplace(key, static_cast<std::int32_t>(contests_.size()));
      if (fresh) contests_.emplace_back();
      contests_[place->second].push_back(atom);
      unit[atom] = contests_[place->second].front();
    }
    std::vector<std::vector<std::int32_t>> needs(program_.atom_count());
    const auto need_cells = [&](AtomId atom, ValueId value) {
      for (const std::int32_t cell : terms_.numbers(terms_.of(value))) needs[unit[atom]].push_back(unit[program_.cell_atom[cell]]);
    };
    for (std::size_t r = 0; r < program_.rule_count(); ++r) {
      const AtomId head = program_.rule_head[r];
      for (const Literal lit : body_of(static_cast<std::int32_t>(r))) needs[unit[head]].push_back(unit[literal_atom(lit)]);
      if (program_.rule_contribution[r] != GroundProgram::no_value) need_cells(head, program_.rule_contribution[r]);
    }
    for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
      if (program_.atom_kind[atom] != AtomKind::Condition) continue;
      for (const ValueId value : operands(atom)) need_cells(atom, value);
    }
    std::vector<std::int64_t> begin{0};
    std::vector<std::int32_t> edge;
    for (const auto& list : needs) {
      edge.insert(edge.end(), list.begin(), list.end());
      begin.push_back(static_cast<std::int64_t>(edge.size()));
    }
    const Components components = strongly_connected_components(begin, edge);
    for (AtomId atom = 0; atom < static_cast<AtomId>(program_.atom_count()); ++atom) {
      if (computes(program_, atom) && components.cyclic[components.component[unit[atom]]]) refuse(atom);
    }
  }

  std::vector<ValueId> operands(AtomId atom) const {
    std::vector<ValueId> values;
    for (std::int64_t i = program_.atom_argument_begin[atom]; i < program_.atom_argument_begin[atom + 1]; ++i) {
      values.push_back(program_.atom_argument[i]);
    }
    return values;
  }

  // ---- terms

  double evaluate(std::int32_t term, const std::map<std::int32_t, double>& cells) const {
    const TermOp op = arithmetic_.term_op[term];
    if (op == TermOp::Constant) return arithmetic_.term_constant[term];
    if (op == TermOp::Number) return cells.at(arithmetic_.term_left[term]);
    double left[simulator::row_width], right[simulator::row_width], result[simulator::row_width];
    std::fill_n(left, simulator::row_width, evaluate(arithmetic_.term_left[term], cells));
    const bool binary = simulator::is_binary(op);
    std::fill_n(right, simulator::row_width, binary ? evaluate(arithmetic_.term_right[term], cells) : 0.0);
    simulator::apply(op, left, right, result);
    return result[0];
  }

  using Visit = std::function<void(const std::vector<Literal>& where, const std::map<std::int32_t, double>& cells)>;

  // Every combination of values of some cells, with the literals that state it. A cell may also be without a number
  // (NaN) unless `required` says that nothing comes of it then.
  void for_each_value(const std::vector<std::int32_t>& cells, const std::function<bool(std::int32_t)>& required, AtomId why,
                      const Visit& visit, std::size_t most_alone = most_sums) {
    double combinations = 1;
    for (const std::int32_t cell : cells) combinations *= static_cast<double>(number(cell).size() + 1);
    if (combinations > static_cast<double>(cells.size() == 1 ? most_alone + 1 : most_values)) refuse(why);
    std::vector<Literal> where;
    std::map<std::int32_t, double> values;
    const std::function<void(std::size_t)> extend = [&](std::size_t i) {
      if (i == cells.size()) {
        visit(where, values);
        return;
      }
      const std::size_t before = where.size();
      for (const auto& [key, atom] : number(cells[i])) {
        where.push_back(literal(atom, false));
        values[cells[i]] = key.first;
        extend(i + 1);
        where.resize(before);
      }
      if (required(cells[i])) return;
      for (const auto& [key, atom] : number(cells[i])) where.push_back(literal(atom, true));
      values[cells[i]] = std::nan("");
      extend(i + 1);
      where.resize(before);
    };
    extend(0);
  }

  void add_condition(AtomId atom) {
    const std::vector<ValueId> values = operands(atom);
    const std::int32_t left = terms_.of(values[0]), right = terms_.of(values[1]);
    std::vector<std::int32_t> cells = terms_.numbers(left);
    for (const std::int32_t cell : terms_.numbers(right)) cells.push_back(cell);
    std::sort(cells.begin(), cells.end());
    cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
    const auto op = static_cast<Comparison>(program_.atom_predicate[atom]);
    out_.program.atom_kind[atom] = AtomKind::Derived;
    out_.program.atom_predicate[atom] = 0;  // of a name; nothing reads it but the names of variables
    for_each_value(cells, [&](std::int32_t cell) { return terms_.needs(left, cell) || terms_.needs(right, cell); }, atom,
                   [&](const std::vector<Literal>& where, const std::map<std::int32_t, double>& numbers) {
                     double a[simulator::row_width], b[simulator::row_width];
                     std::fill_n(a, simulator::row_width, evaluate(left, numbers));
                     std::fill_n(b, simulator::row_width, evaluate(right, numbers));
                     if ((simulator::compare(op, a, b) & 1) != 0) out_.add_rule(atom, where);
                   });
  }

  // ---- aggregates

  AtomId value_atom(Number& number, Key key, AtomId like, std::size_t most = most_values) {
    key.first += 0.0;  // no negative zero
    const auto [place, fresh] = number.emplace(key, -1);
    if (fresh) place->second = out_.add_atom(AtomKind::Derived, like);
    if (number.size() > most) refuse(like);
    return place->second;
  }

  void close(const Number& number) {
    std::vector<AtomId> atoms;
    for (const auto& [key, atom] : number) atoms.push_back(atom);
    out_.add_group(atoms);
  }

  // What one rule contributes, where its body holds and its term has a value.
  Number contribution(std::int32_t r, double sign, double second) {
    const AtomId head = program_.rule_head[r];
    const ValueId value = program_.rule_contribution[r];
    const std::vector<Literal> body = body_of(r);
    Number result;
    if (value == GroundProgram::no_value || aggregate_of(head) == Aggregate::Count) {
      out_.add_rule(value_atom(result, {1.0, second}, head), body);
    } else {
      const std::int32_t term = terms_.of(value);
      for_each_value(terms_.numbers(term), [&](std::int32_t cell) { return terms_.needs(term, cell); }, head,
                     [&](const std::vector<Literal>& where, const std::map<std::int32_t, double>& cells) {
                       const double x = evaluate(term, cells);
                       if (!std::isfinite(x)) return;
                       std::vector<Literal> all = body;
                       all.insert(all.end(), where.begin(), where.end());
                       out_.add_rule(value_atom(result, {sign * x, second}, head), all);
                     });
    }
    close(result);
    return result;
  }

  template <typename Combine>
  Number fold(const Number& state, const Number& next, AtomId like, const Combine& combine) {
    if (state.empty()) return next;
    if (next.empty()) return state;
    Number result;
    std::vector<Literal> no_state, no_next;
    for (const auto& [key, atom] : state) no_state.push_back(literal(atom, true));
    for (const auto& [key, atom] : next) no_next.push_back(literal(atom, true));
    const auto add = [&](const Key& key, AtomId atom, std::vector<Literal> rest) {
      rest.push_back(literal(atom, false));
      out_.add_rule(value_atom(result, key, like), std::move(rest));
    };
    for (const auto& [key, atom] : state) add(key, atom, no_next);
    for (const auto& [key, atom] : next) add(key, atom, no_state);
    for (const auto& [key, atom] : state) {
      for (const auto& [other, there] : next) add(combine(key, other), atom, {literal(there, false)});
    }
    close(result);
    return result;
  }

  // What the rule's first literal that says so is a value of: a choice or a group, with the literal's atom. -1: nothing.
  std::pair<std::int64_t, AtomId> value_of_rule(std::int32_t r) const {
    for (const Literal lit : body_of(r)) {
      const AtomId atom = literal_atom(lit);
      if (literal_negated(lit)) continue;
      if (program_.atom_kind[atom] == AtomKind::Choice) return {program_.atom_first[atom], atom};
      if (out_.dependencies.atom_group[atom] >= 0) {
        return {static_cast<std::int64_t>(program_.choice_count()) + out_.dependencies.atom_group[atom], atom};
      }
    }
    return {-1, -1};
  }

  // Ends of runs of consecutive contributions of which no world makes two, as those of the ten values of a digit. (Only
  // consecutive ones are joined: the order of a sum stays.)
  std::vector<std::size_t> exclusive_runs(AtomId head) const {
    const std::vector<std::int32_t>& rules = rules_of_[head];
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < rules.size(); i = ends.back()) {
      const auto [variable, first] = value_of_rule(rules[i]);
      std::set<AtomId> seen{first};
      std::size_t j = i + 1;
      for (; j < rules.size() && variable >= 0; ++j) {
        const auto [other, atom] = value_of_rule(rules[j]);
        if (other != variable || !seen.insert(atom).second) break;
      }
      ends.push_back(j);
    }
    return ends;
  }

  std::vector<Number> join_exclusive(AtomId head, const std::vector<Number>& parts) {
    std::vector<Number> joined;
    std::size_t i = 0;
    for (const std::size_t end : exclusive_runs(head)) {
      if (end == i + 1) {
        joined.push_back(parts[i]);
      } else {
        joined.emplace_back();
        for (std::size_t k = i; k < end; ++k) {
          for (const auto& [key, there] : parts[k]) {
            out_.add_rule(value_atom(joined.back(), key, head), {literal(there, false)});
          }
        }
        close(joined.back());
      }
      i = end;
    }
    return joined;
  }

  // The same without atoms: only which values there are.
  std::vector<Number> exclusive_values(AtomId head, const std::vector<Number>& parts) const {
    std::vector<Number> values;
    std::size_t i = 0;
    for (const std::size_t end : exclusive_runs(head)) {
      values.emplace_back();
      for (; i < end; ++i) values.back().insert(parts[i].begin(), parts[i].end());
    }
    return values;
  }

  static std::vector<double> contributed(const std::vector<Number>& parts) {
    std::set<double> values;
    for (const Number& part : parts) {
      for (const auto& [key, there] : part) values.insert(key.first);
    }
    return {values.begin(), values.end()};
  }

  // Positive contributions: is every number up to the greatest sum a sum?
  static bool everything(const std::vector<Number>& parts) {
    double greatest = 0;
    for (const Number& part : parts) {
      double last = 0;
      for (const auto& [key, there] : part) {
        if (key.first - last > greatest + 1) return false;
        last = key.first;
      }
      greatest += last;
    }
    return true;
  }

  // The sums of one contribution or more, ascending; nothing where the lowering should not have them: contributions that are no
  // whole numbers, too many sums, or more than tables hold without all contributions being positive.
  static std::vector<double> possible_sums(const std::vector<Number>& parts) {
    double least = 0, greatest = 0;
    bool positive = true;
    for (const Number& part : parts) {
      double low = 0, high = 0;
      for (const auto& [key, there] : part) {
        if (key.first != std::floor(key.first) || std::fabs(key.first) > 1e6) return {};
        low = std::min(low, key.first);
        high = std::max(high, key.first);
        positive = positive && key.first > 0;
      }
      least += low;
      greatest += high;
    }
    std::set<double> few{0.0};  // sums so far, and that of nothing
    std::set<double> sums;
    if (greatest - least > static_cast<double>(most_sums)) {
      for (const Number& part : parts) {
        for (const auto& [key, there] : part) {
          for (const double sum : few) sums.insert(sum + key.first);
        }
        if (sums.size() > most_values) return {};
        few.insert(sums.begin(), sums.end());
      }
      return {sums.begin(), sums.end()};
    }
    if (positive && everything(parts)) {
      std::vector<double> values(static_cast<std::size_t>(greatest));
      std::iota(values.begin(), values.end(), 1.0);
      return values;
    }
    const auto range = static_cast<std::size_t>(greatest - least) + 1, zero = static_cast<std::size_t>(-least);
    std::vector<std::uint8_t> reached(range, 0);  // by one contribution or more
    std::size_t low = zero, high = zero;          // all of them lie between these
    for (const Number& part : parts) {
      std::vector<std::uint8_t> next = reached;
      std::size_t next_low = low, next_high = high;
      for (const auto& [key, there] : part) {
        const auto step = static_cast<std::ptrdiff_t>(key.first);
        for (std::size_t s = low; s <= high; ++s) {
          if (reached[s] || s == zero) next[s + step] = 1;
        }
        next_low = std::min(next_low, low + step);
        next_high = std::max(next_high, high + step);
      }
      low = next_low;
      high = next_high;
      reached = std::move(next);
    }
    std::vector<double> values;
    for (std::size_t s = 0; s < range; ++s) {
      if (reached[s]) values.push_back(static_cast<double>(s) + least);
    }
    if (values.size() > (positive ? most_sums : most_values)) values.clear();
    return values;
  }

  // Leaves the aggregate unfolded where it may, and names the atoms of its values.
  bool keep_fold(AtomId atom, const std::vector<Number>& parts, Number& state) {
    const Aggregate aggregate = aggregate_of(atom);
    const bool sums = aggregate == Aggregate::Count || aggregate == Aggregate::Sum;
    if (!keep_folds_ || parts.size() < 3 || (!sums && aggregate != Aggregate::Min && aggregate != Aggregate::Max)) return false;
    const std::vector<double> values = sums ? possible_sums(exclusive_values(atom, parts)) : contributed(parts);
    if (values.empty() || (!sums && values.size() > most_values)) return false;
    NumberFold fold{atom, sums ? Aggregate::Sum : aggregate, {}, {}};
    for (const double value : values) fold.result.emplace_back(value, value_atom(state, {value, 0.0}, atom, most_sums));
    for (const Number& part : parts) {
      fold.contributions.emplace_back();
      for (const auto& [key, there] : part) fold.contributions.back().emplace_back(key.first, there);
    }
    close(state);
    folds_.push_back(std::move(fold));
    return true;
  }

  // The values of a cell; made when they are first asked for.
  const Number& number(std::int32_t cell) {
    if (done_[cell]) return number_[cell];
    done_[cell] = 1;
    const AtomId atom = program_.cell_atom[cell];
    const Aggregate aggregate = aggregate_of(atom);
    Number state;
    std::vector<Number> parts;
    for (const std::int32_t r : rules_of_[atom]) {
      parts.push_back(contribution(r, 1.0, aggregate == Aggregate::Average ? 1.0 : 0.0));
    }
    if (keep_fold(atom, parts, state)) parts.clear();
    if (!parts.empty()) parts = join_exclusive(atom, parts);
    for (const Number& next : parts) {
      state = fold(state, next, atom, [&](const Key& a, const Key& b) -> Key {
        if (aggregate == Aggregate::Min) return std::min(a, b);
        if (aggregate == Aggregate::Max) return std::max(a, b);
        return {a.first + b.first, a.second + b.second};
      });
    }
    for (const auto& [key, value] : state) out_.add_rule(atom, {literal(value, false)});
    if (aggregate == Aggregate::Average) {
      Number means;
      for (const auto& [key, value] : state) {
        out_.add_rule(value_atom(means, {key.first / key.second, 0.0}, atom), {literal(value, false)});
      }
      close(means);
      state = std::move(means);
    }
    number_[cell] = std::move(state);
    return number_[cell];
  }

  // The candidate with the least (greatest) number wins, ties go to the least term in standard order.
  void add_contest(std::vector<AtomId> candidates) {
    const std::int32_t position = program_.predicate_aggregate_position[program_.atom_predicate[candidates.front()]];
    const double sign = aggregate_of(candidates.front()) == Aggregate::ArgMin ? 1.0 : -1.0;
    std::stable_sort(candidates.begin(), candidates.end(), [&](AtomId a, AtomId b) {
      return program_.values.compare(operands(a)[position], operands(b)[position]) < 0;
    });
    const auto least = [](const Key& a, const Key& b) { return std::min(a, b); };
    Number state;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      for (const std::int32_t r : rules_of_[candidates[i]]) {
        state = fold(state, contribution(r, sign, static_cast<double>(i)), candidates.front(), least);
      }
    }
    for (const auto& [key, value] : state) {
      out_.add_rule(candidates[static_cast<std::size_t>(key.second)], {literal(value, false)});
    }
  }

  bool symbolic(AtomId atom) const {
    const std::vector<ValueId> values = operands(atom);
    return std::any_of(values.begin(), values.end(), [&](ValueId v) { return program_.values.is_symbolic(v); });
  }

  // A number that is the same as a double: large integers are not, and stay terms.
  bool is_exact_number(ValueId value) const {
    if (!program_.values.is_number(value)) return false;
    return program_.values.kind(value) == ValueKind::Float || std::fabs(program_.values.as_real(value)) < 9e15;
  }

  // Query atoms of predicates of which some holds computed numbers: one event for each reading of the arguments, which
  // several atoms may have.
  void add_queries() {
    std::map<std::int32_t, std::uint8_t> computed;
    for (const AtomId atom : program_.queries) {
      if (symbolic(atom)) computed[program_.atom_predicate[atom]] = 1;
    }
    using Argument = std::pair<double, ValueId>;  // a number, or a term
    std::map<std::pair<std::int32_t, std::vector<Argument>>, std::int32_t> known;
    std::vector<AtomId> asked;  // per query
    for (const AtomId atom : program_.queries) {
      if (computed.count(program_.atom_predicate[atom]) == 0) continue;
      const std::vector<ValueId> values = operands(atom);
      std::vector<std::int32_t> cells;
      for (const ValueId value : values) {
        if (!program_.values.is_symbolic(value)) continue;
        for (const std::int32_t cell : terms_.numbers(terms_.of(value))) cells.push_back(cell);
      }
      std::sort(cells.begin(), cells.end());
      cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
      for_each_value(cells, [](std::int32_t) { return true; }, atom,
                     [&](std::vector<Literal> where, const std::map<std::int32_t, double>& numbers) {
                       std::vector<Argument> arguments;
                       for (const ValueId value : values) {
                         if (program_.values.is_symbolic(value)) {
                           arguments.emplace_back(evaluate(terms_.of(value), numbers), GroundProgram::no_value);
                           if (!std::isfinite(arguments.back().first)) return;
                         } else if (is_exact_number(value)) {
                           arguments.emplace_back(program_.values.as_real(value), GroundProgram::no_value);
                         } else {
                           arguments.emplace_back(0.0, value);
                         }
                       }
                       const auto [place, fresh] = known.emplace(std::make_pair(program_.atom_predicate[atom], arguments),
                                                                 static_cast<std::int32_t>(asked.size()));
                       if (fresh) {
                         asked.push_back(out_.add_atom(AtomKind::Derived, atom));
                         out_.program.queries.push_back(asked.back());
                         NumberQuery query{atom, {}, {}, arguments};
                         for (const auto& [cell, value] : numbers) {
                           query.cell.push_back(cell);
                           query.value.push_back(value);
                         }
                         queries_.push_back(std::move(query));
                       }
                       if (program_.atom_kind[atom] != AtomKind::Certain) where.push_back(literal(atom, false));
                       out_.add_rule(asked[place->second], std::move(where));
                       readings_.emplace(atom, place->second);
                     }, most_queries);
    }
  }

  const GroundProgram& program_;
  const bool keep_folds_;
  graph::Rewriting out_;
  Simulator arithmetic_;  // the terms, interned
  Terms terms_;
  std::vector<Number> number_;  // per cell
  std::vector<std::uint8_t> done_;
  std::vector<std::vector<std::int32_t>> rules_of_;
  std::vector<std::vector<AtomId>> contests_;  // candidates of each argmin and argmax
  std::vector<NumberQuery> queries_;
  std::set<std::pair<AtomId, std::int32_t>> readings_;
  std::vector<NumberFold> folds_;
};

}  // namespace

std::optional<FewNumbers> expand_numbers(const GroundProgram& program, const FunctionalDependencies& dependencies,
                                         bool keep_folds) {
  bool any = false;
  for (AtomId atom = 0; atom < static_cast<AtomId>(program.atom_count()); ++atom) any = any || computes(program, atom);
  if (!any) return std::nullopt;
  return Expansion(program, dependencies, keep_folds).run();
}

}  // namespace emnesy
