#include "simulator/lanes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "simd.hpp"

namespace emnesy::simulator {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t everywhere = ~std::uint64_t{0};

// One definition in 64 worlds.
inline std::uint64_t defined_word(const Simulator& s, std::int32_t definition, const std::uint64_t* bits) {
  std::uint64_t any = 0;
  for (std::int64_t r = s.definition_begin[definition]; r < s.definition_begin[definition + 1]; ++r) {
    std::uint64_t all = everywhere;
    for (std::int64_t l = s.rule_begin[r]; l < s.rule_begin[r + 1]; ++l) {
      const CellLiteral lit = s.rule_literal[l];
      all &= bits[lit >> 1] ^ (std::uint64_t{0} - static_cast<std::uint64_t>(lit & 1));
    }
    any |= all;
  }
  return any;
}

typedef std::uint64_t Eight __attribute__((vector_size(64)));

__attribute__((always_inline)) inline void defined_words(const Simulator& s, std::int32_t definition, const Eight* bits,
                                                         Eight& any) {
  any = Eight{};
  for (std::int64_t r = s.definition_begin[definition]; r < s.definition_begin[definition + 1]; ++r) {
    Eight all = ~Eight{};
    for (std::int64_t l = s.rule_begin[r]; l < s.rule_begin[r + 1]; ++l) {
      const CellLiteral lit = s.rule_literal[l];
      all &= bits[lit >> 1] ^ (std::uint64_t{0} - static_cast<std::uint64_t>(lit & 1));
    }
    any |= all;
  }
}

void run_definitions(const Simulator& s, std::int32_t first, std::int32_t last, std::uint64_t* bits) {
  for (std::int32_t d = first; d < last; ++d) bits[s.definition_cell[d]] = defined_word(s, d, bits);
}

EMNESY_CLONES void run_definitions_wide(const Simulator& s, std::int32_t first, std::int32_t last, std::uint64_t* words) {
  Eight* bits = reinterpret_cast<Eight*>(words);
  for (std::int32_t d = first; d < last; ++d) {
    Eight any;
    defined_words(s, d, bits, any);
    bits[s.definition_cell[d]] = any;
  }
}

// Worklist over the definitions of one loop; true where the cell changed.
bool update(const Simulator& s, std::int32_t definition, std::uint64_t* bits) {
  std::uint64_t& own = bits[s.definition_cell[definition]];
  const std::uint64_t before = own;
  own = defined_word(s, definition, bits);
  return own != before;
}

EMNESY_CLONES bool update_wide(const Simulator& s, std::int32_t definition, std::uint64_t* words) {
  Eight* bits = reinterpret_cast<Eight*>(words);
  Eight& own = bits[s.definition_cell[definition]];
  const Eight before = own;
  Eight after;
  defined_words(s, definition, bits, after);
  own = after;
  return std::memcmp(&before, &own, sizeof own) != 0;
}

EMNESY_CLONES void set_word(const std::int32_t* values, std::int32_t alternatives, int words, std::uint64_t* bits) {
  alignas(64) std::uint8_t bytes[row_width];
  for (std::int32_t k = 0; k < alternatives; ++k) {
    for (int l = 0; l < row_width; ++l) bytes[l] = values[l] == k ? 1 : 0;
    bits[std::int64_t{k} * words] = pack(bytes);
  }
}

}  // namespace

Lanes::Lanes(const Simulator& simulator)
    : s_(simulator), words_(words_for(simulator)), bits_(aligned<std::uint64_t>(static_cast<std::size_t>(simulator.cell_count) * words_)) {
  std::fill_n(bits_.get(), std::int64_t{s_.cell_count} * words_, 0);
  std::fill_n(bits_.get(), words_, everywhere);
  if (s_.number_count > 0) {
    numbers_ = aligned<double>(static_cast<std::size_t>(s_.number_count) * row_width);
    std::fill_n(numbers_.get(), std::int64_t{s_.number_count} * row_width, undefined);
  }
  if (!s_.table_number.empty()) {
    values_ = aligned<std::int32_t>(s_.choice_count() * row_width);
    std::fill_n(values_.get(), s_.choice_count() * row_width, 0);
  }
  std::size_t labels = 0, weights = 0;
  for (std::size_t item = 0; item < s_.extreme_sign.size(); ++item) {
    graphs_.emplace_back(s_, static_cast<std::int32_t>(item));
    labels = std::max(labels, static_cast<std::size_t>(graphs_.back().nodes) + 1);
    weights = std::max(weights, static_cast<std::size_t>(graphs_.back().weights) + 1);
  }
  if (labels > 0) {
    label_ = aligned<unsigned char>(labels * row_width * sizeof(double));
    weight_ = aligned<unsigned char>(weights * row_width * sizeof(double));
  }
}

void Lanes::set(std::size_t choice, int word, const std::int32_t* values) {
  set_word(values, s_.choice_alternatives[choice], words_, cell(s_.choice_cell[choice]) + word);
  if (wants_values()) std::copy_n(values, row_width, value(choice));
}

void Lanes::run() { steps(0, s_.step_count()); }

void Lanes::steps(std::size_t begin, std::size_t end) {
  for (std::size_t step = begin; step < end; ++step) {
    const std::int32_t item = s_.step_item[step];
    switch (s_.step_kind[step]) {
      case StepKind::Rules: step = rules(step, end) - 1; break;
      case StepKind::Condition: {
        const double* const left = term(s_.condition_left[item], 0);  // first: it may use all scratch rows
        *cell(s_.condition_cell[item]) = compare(s_.condition_op[item], left, term(s_.condition_right[item], 1));
        break;
      }
      case StepKind::Table:
        look_up(s_.table_value.data() + s_.table_begin[item], value(s_.table_choice[item]), number(s_.table_number[item]));
        break;
      case StepKind::Fold: fold(item); break;
      case StepKind::Winner: winner(item); break;
      case StepKind::RuleLoop: rule_loop(item); break;
      case StepKind::Extreme: extreme(item); break;
      case StepKind::Loop:
        loop(step);
        step = static_cast<std::size_t>(s_.loop_end[item]) - 1;
        break;
    }
  }
}

// Consecutive Rules steps whose definitions are consecutive, in one go.
std::size_t Lanes::rules(std::size_t step, std::size_t end) {
  const std::int32_t first = s_.step_item[step];
  std::int32_t last = first + 1;
  for (++step; step < end && s_.step_kind[step] == StepKind::Rules && s_.step_item[step] == last; ++step) ++last;
  if (words_ == 1) {
    run_definitions(s_, first, last, bits_.get());
  } else {
    run_definitions_wide(s_, first, last, bits_.get());
  }
  return step;
}

std::uint64_t Lanes::holds(std::int64_t contribution) const {
  std::uint64_t all = everywhere;
  for (std::int64_t l = s_.contribution_begin[contribution]; l < s_.contribution_begin[contribution + 1]; ++l) {
    all &= word(s_.contribution_literal[l], 0);
  }
  return all;
}

double* Lanes::scratch(std::size_t depth) {
  while (scratch_.size() <= depth) scratch_.push_back(aligned<double>(row_width));
  return scratch_[depth].get();
}

// The row of a term; scratch rows from `depth` on may be overwritten. Valid until they are.
const double* Lanes::term(std::int32_t term_index, std::size_t depth) {
  const TermOp op = s_.term_op[term_index];
  if (op == TermOp::Number) return number(s_.term_left[term_index]);
  double* const out = scratch(depth);
  if (op == TermOp::Constant) {
    std::fill_n(out, row_width, s_.term_constant[term_index]);
    return out;
  }
  const double* const left = term(s_.term_left[term_index], depth);
  const std::int32_t right = s_.term_right[term_index];
  apply(op, left, right < 0 ? nullptr : term(right, depth + 1), scratch(depth));
  return out;
}

void Lanes::fold(std::int32_t item) {
  alignas(64) double total[row_width], count[row_width];
  const Aggregate kind = s_.fold_kind[item];
  const bool best = kind == Aggregate::Min || kind == Aggregate::Max;
  const double sign = kind == Aggregate::Max ? -1.0 : 1.0;
  std::fill_n(total, row_width, best ? infinity : 0.0);
  std::fill_n(count, row_width, 0.0);
  for (std::int64_t c = s_.fold_begin[item]; c < s_.fold_end[item]; ++c) {
    const std::uint64_t where = holds(c);
    if (where == 0) continue;
    const double* const value = term(s_.contribution_term[c], 0);
    if (best) {
      improve(sign, value, where, total);
    } else {
      accumulate(value, where, total, count);
    }
  }
  double* const out = number(s_.fold_number[item]);
  const std::uint64_t defined =
      best ? finish_best(sign, total, out) : finish_sum(kind == Aggregate::Average, total, count, out);
  if (s_.fold_cell[item] >= 0) *cell(s_.fold_cell[item]) = defined;
}

void Lanes::winner(std::int32_t item) {
  alignas(64) double best[row_width], unused[row_width];
  const double sign = s_.winner_sign[item];
  const std::int64_t first = s_.winner_begin[item], last = s_.winner_begin[item + 1];
  std::fill_n(best, row_width, infinity);
  for (std::int64_t k = first; k < last; ++k) {
    for (std::int64_t c = s_.candidate_begin[k]; c < s_.candidate_end[k]; ++c) {
      const std::uint64_t where = holds(c);
      if (where != 0) improve(sign, term(s_.contribution_term[c], 0), where, best);
    }
  }
  std::uint64_t open = finish_best(1.0, best, unused);  // worlds in which someone wins, and nobody has yet
  for (std::int64_t k = first; k < last; ++k) {
    std::uint64_t wins = 0;
    for (std::int64_t c = s_.candidate_begin[k]; open != 0 && c < s_.candidate_end[k]; ++c) {
      const std::uint64_t where = holds(c) & open;
      if (where != 0) wins |= where & attains(sign, term(s_.contribution_term[c], 0), best);
    }
    *cell(s_.candidate_cell[k]) = wins;
    open &= ~wins;
  }
}

void Lanes::rule_loop(std::int32_t item) {
  const std::int64_t first = s_.rule_loop_begin[item], last = s_.rule_loop_begin[item + 1];
  const auto size = static_cast<std::size_t>(last - first);
  for (std::int64_t i = first; i < last; ++i) {
    std::fill_n(cell(s_.definition_cell[s_.loop_definition[i]]), words_, 0);
  }
  // A ring of positions that are to be looked at; each is in it once at most.
  queue_.resize(size);
  queued_.assign(size, 1);
  for (std::size_t i = 0; i < size; ++i) queue_[i] = static_cast<std::int32_t>(i);
  std::size_t head = 0, waiting = size;
  while (waiting > 0) {
    const std::int32_t place = queue_[head];
    head = head + 1 == size ? 0 : head + 1;
    --waiting;
    queued_[place] = 0;
    const std::int32_t definition = s_.loop_definition[first + place];
    const bool changed = words_ == 1 ? update(s_, definition, bits_.get()) : update_wide(s_, definition, bits_.get());
    if (!changed) continue;
    for (std::int64_t r = s_.loop_reader_begin[first + place]; r < s_.loop_reader_begin[first + place + 1]; ++r) {
      const auto reader = static_cast<std::int32_t>(s_.loop_reader[r] - first);
      if (queued_[reader]) continue;
      queued_[reader] = 1;
      queue_[(head + waiting++) % size] = reader;
    }
  }
}

void Lanes::extreme(std::int32_t item) {
  if (s_.extreme_integer[item] && s_.extreme_monotone[item]) {
    extreme_as<std::int32_t>(item);
  } else {
    extreme_as<double>(item);
  }
}

template <typename T>
void Lanes::extreme_as(std::int32_t item) {
  const SweepGraph& graph = graphs_[item];
  T* const label = reinterpret_cast<T*>(label_.get());
  T* const weight = reinterpret_cast<T*>(weight_.get());
  const double sign = s_.extreme_sign[item];
  for (std::int32_t w = 0; w < graph.weights; ++w) {
    to_weight(sign, number(graph.weight_number[w]), weight + std::int64_t{w} * row_width);
  }
  std::fill_n(weight + std::int64_t{graph.weights} * row_width, row_width, T(0));
  // A path without a negative cycle visits each node once: no label can improve more often than there are nodes,
  // per world; the sweeps that 64 worlds need are at most those of each, one after the other.
  const std::int64_t limit = 64 * (std::int64_t{graph.nodes} + 2);
  if (!sweep(graph, weight, label, dirty_, limit)) throw NoFixpoint(s_.node_cell[graph.first_node]);
  for (std::int32_t n = 0; n < graph.nodes; ++n) {
    *cell(s_.node_cell[graph.first_node + n]) =
        from_label(sign, label + std::int64_t{n} * row_width, number(s_.node_number[graph.first_node + n]));
  }
}

void Lanes::loop(std::size_t step) {
  const std::int32_t item = s_.step_item[step];
  const std::int64_t cells = s_.loop_cell_begin[item], cells_end = s_.loop_cell_begin[item + 1];
  const std::int64_t numbers = s_.loop_number_begin[item], numbers_end = s_.loop_number_begin[item + 1];
  for (std::int64_t i = cells; i < cells_end; ++i) *cell(s_.loop_cell[i]) = 0;
  for (std::int64_t i = numbers; i < numbers_end; ++i) std::fill_n(number(s_.loop_number[i]), row_width, undefined);
  for (std::int32_t round = 0; round < s_.loop_limit[item]; ++round) {
    std::vector<std::uint64_t> old_words;
    std::vector<double> old_numbers;
    for (std::int64_t i = cells; i < cells_end; ++i) old_words.push_back(*cell(s_.loop_cell[i]));
    for (std::int64_t i = numbers; i < numbers_end; ++i) {
      const double* row = number(s_.loop_number[i]);
      old_numbers.insert(old_numbers.end(), row, row + row_width);
    }
    steps(step + 1, static_cast<std::size_t>(s_.loop_end[item]));
    bool changed = false;
    for (std::int64_t i = cells; i < cells_end; ++i) changed = changed || *cell(s_.loop_cell[i]) != old_words[i - cells];
    for (std::int64_t i = numbers; i < numbers_end; ++i) {
      changed = changed || !same(number(s_.loop_number[i]), old_numbers.data() + (i - numbers) * row_width);
    }
    if (!changed) return;
  }
  throw NoFixpoint(s_.loop_cell[cells]);
}

std::uint64_t Lanes::allowed(int which) const {
  if (s_.impossible) return 0;
  std::uint64_t all = everywhere;
  for (const CellLiteral lit : s_.evidence) all &= word(lit, which);
  for (std::size_t c = 0; c + 1 < s_.constraint_begin.size(); ++c) {
    std::uint64_t body = everywhere;
    for (std::int64_t l = s_.constraint_begin[c]; l < s_.constraint_begin[c + 1]; ++l) body &= word(s_.constraint_literal[l], which);
    all &= ~body;
  }
  return all;
}

}  // namespace emnesy::simulator
