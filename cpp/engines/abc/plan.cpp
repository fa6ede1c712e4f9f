#include "abc/plan.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "simulator/reads.hpp"

namespace emnesy::abc {
namespace {

// What a choice may be weighed by, one after the other: slots, evidence, constraints, then queries.
struct Items {
  explicit Items(const Simulator& s) : simulator(s) {
    for (std::size_t i = 0; i < s.slot_count(); ++i) {
      add({s.slot_literal.begin() + s.slot_begin[i], s.slot_literal.begin() + s.slot_begin[i + 1]});
    }
    evidence = static_cast<std::int32_t>(literal.size());
    for (const CellLiteral lit : s.evidence) add({lit});
    constraint = static_cast<std::int32_t>(literal.size());
    for (std::size_t i = 0; i + 1 < s.constraint_begin.size(); ++i) {
      add({s.constraint_literal.begin() + s.constraint_begin[i], s.constraint_literal.begin() + s.constraint_begin[i + 1]});
    }
    query = static_cast<std::int32_t>(literal.size());
    for (const CellLiteral lit : s.queries) add({lit});
    term.resize(literal.size());
    for (std::size_t i = 0; i < s.computed_query.size(); ++i) {
      for (std::int64_t a = s.computed_begin[i]; a < s.computed_begin[i + 1]; ++a) {
        if (s.computed_argument[a] >= 0) {
          term[query + s.computed_query[i]].push_back(static_cast<std::int32_t>(s.computed_argument[a]));
        }
      }
    }
  }

  void add(std::vector<CellLiteral> literals) { literal.push_back(std::move(literals)); }

  const Simulator& simulator;
  std::vector<std::vector<CellLiteral>> literal;
  std::vector<std::vector<std::int32_t>> term;
  std::int32_t evidence = 0, constraint = 0, query = 0;

  void put(std::int32_t item, Group& group) const {
    if (item < evidence) {
      group.slot.push_back(item);
    } else if (item < constraint) {
      group.evidence.push_back(item - evidence);
    } else if (item < query) {
      group.constraint.push_back(item - constraint);
    } else {
      group.query.push_back(item - query);
      const auto& computed = simulator.computed_query;
      const auto found = std::find(computed.begin(), computed.end(), item - query);
      if (found != computed.end()) group.computed.push_back(static_cast<std::int32_t>(found - computed.begin()));
    }
  }
};

// Backwards from cells and numbers to the choices that they depend on.
class Dependencies {
 public:
  explicit Dependencies(const Simulator& s)
      : s_(s), cell_choice_(s.cell_count, -1), cell_writer_(s.cell_count, -1), number_writer_(s.number_count, -1) {
    for (std::size_t c = 0; c < s.choice_count(); ++c) {
      std::fill_n(cell_choice_.begin() + s.choice_cell[c], s.choice_alternatives[c], static_cast<std::int32_t>(c));
    }
    for (std::size_t step = 0; step < s.step_count(); ++step) {
      simulator::for_each_write(s, step, [&](std::int32_t c) { cell_writer_[c] = static_cast<std::int32_t>(step); },
                                [&](std::int32_t n) { number_writer_[n] = static_cast<std::int32_t>(step); });
    }
    seen_.assign(s.step_count(), -1);
  }

  // Calls choice(c) for every choice that the item depends on (perhaps more than once). Each search has its own stamp;
  // with a stamp used before, what an earlier search of it has seen is not visited again, but step(s) is called.
  template <typename Choice, typename Step>
  void search(const Items& items, std::size_t item, std::int32_t stamp, Choice choice, Step step) {
    std::vector<std::int32_t> work;
    const auto enter = [&](std::int32_t writer) {
      if (writer < 0) return;
      step(writer);
      if (seen_[writer] == stamp) return;
      seen_[writer] = stamp;
      work.push_back(writer);
    };
    const auto cell = [&](std::int32_t c) {
      if (cell_choice_[c] >= 0) choice(cell_choice_[c]);
      enter(cell_writer_[c]);
    };
    const auto number = [&](std::int32_t n) { enter(number_writer_[n]); };
    for (const CellLiteral lit : items.literal[item]) cell(lit >> 1);
    for (const std::int32_t term : items.term[item]) numbers(term, number);
    while (!work.empty()) {
      const std::int32_t writer = work.back();
      work.pop_back();
      simulator::for_each_read(s_, static_cast<std::size_t>(writer), cell, number, choice);
    }
  }

 private:
  template <typename Number>
  void numbers(std::int32_t term, Number number) {
    const TermOp op = s_.term_op[term];
    if (op == TermOp::Constant) return;
    if (op == TermOp::Number) return number(s_.term_left[term]);
    numbers(s_.term_left[term], number);
    if (s_.term_right[term] >= 0) numbers(s_.term_right[term], number);
  }

  const Simulator& s_;
  std::vector<std::int32_t> cell_choice_, cell_writer_, number_writer_, seen_;
};

class Sets {
 public:
  explicit Sets(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0); }
  std::int32_t find(std::int32_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  void join(std::int32_t a, std::int32_t b) { parent_[std::max(find(a), find(b))] = std::min(find(a), find(b)); }

 private:
  std::vector<std::int32_t> parent_;
};

}  // namespace

Plan::Plan(const Simulator& s, std::vector<double> numbers) : label_number(std::move(numbers)), simulator_(s) {
  value_begin.push_back(0);
  for (std::size_t c = 0; c < s.choice_count(); ++c) value_begin.push_back(value_begin.back() + s.choice_values(c));
}

const Grouping& Plan::grouping(AbcOptions::Locality locality) const {
  const auto which = static_cast<std::size_t>(locality);
  std::call_once(made_[which], [&] {
    grouping_[which] = which == 0 ? all(simulator_) : which == 1 ? components(simulator_) : cones(simulator_);
  });
  return grouping_[which];
}

Grouping Plan::all(const Simulator& s) const {
  const Items items(s);
  Grouping result;
  Group group;
  group.choice.resize(s.choice_count());
  std::iota(group.choice.begin(), group.choice.end(), 0);
  for (std::size_t i = 0; i < items.literal.size(); ++i) items.put(static_cast<std::int32_t>(i), group);
  result.group.push_back(std::move(group));
  result.total.push_back(0);
  return result;
}

Grouping Plan::components(const Simulator& s) const {
  const Items items(s);
  const auto choices = static_cast<std::int32_t>(s.choice_count()), steps = static_cast<std::int32_t>(s.step_count());
  Dependencies dependencies(s);
  // One search over all items: a step that two of them reach joins them.
  Sets sets(static_cast<std::size_t>(choices + steps) + items.literal.size());
  const auto node = [&](std::size_t item) { return choices + steps + static_cast<std::int32_t>(item); };
  for (std::size_t i = 0; i < items.literal.size(); ++i) {
    dependencies.search(items, i, 0, [&](std::int32_t c) { sets.join(c, node(i)); },
                        [&](std::int32_t step) { sets.join(choices + step, node(i)); });
  }
  Grouping result;
  std::map<std::int32_t, std::size_t> place;
  for (std::size_t i = 0; i < items.literal.size(); ++i) {
    const auto [found, fresh] = place.try_emplace(sets.find(node(i)), result.group.size());
    if (fresh) result.group.emplace_back();
    items.put(static_cast<std::int32_t>(i), result.group[found->second]);
  }
  for (std::int32_t c = 0; c < choices; ++c) {
    const auto found = place.find(sets.find(c));
    if (found != place.end()) result.group[found->second].choice.push_back(c);
  }
  for (std::size_t g = 0; g < result.group.size(); ++g) result.total.push_back(static_cast<std::int32_t>(g));
  return result;
}

Grouping Plan::cones(const Simulator& s) const {
  const Items items(s);
  Dependencies dependencies(s);
  std::vector<std::vector<std::int32_t>> influenced(s.choice_count());
  for (std::int32_t i = 0; i < items.query; ++i) {
    dependencies.search(items, static_cast<std::size_t>(i), i,
                        [&](std::int32_t c) {
                          if (influenced[c].empty() || influenced[c].back() != i) influenced[c].push_back(i);
                        },
                        [](std::int32_t) {});
  }
  // The whole evidence is estimated by all observations together, and so are queries.
  Grouping result = all(s);
  result.group.front().choice.clear();
  std::map<std::vector<std::int32_t>, std::size_t> place;
  for (std::size_t c = 0; c < influenced.size(); ++c) {
    if (influenced[c].empty()) continue;
    const auto [found, fresh] = place.try_emplace(influenced[c], result.group.size());
    if (fresh) {
      result.group.emplace_back();
      for (const std::int32_t item : influenced[c]) items.put(item, result.group.back());
    }
    result.group[found->second].choice.push_back(static_cast<std::int32_t>(c));
  }
  return result;
}

}  // namespace emnesy::abc
