#include "abc/worker.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "abc/fold.hpp"
#include "random.hpp"

namespace emnesy::abc {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t choosing = 0x9E3779B97F4A7C15u;  // another key than that of the draws

int lowest(std::uint64_t word) { return __builtin_ctzll(word); }
int count(std::uint64_t word) { return __builtin_popcountll(word); }

}  // namespace

Worker::Worker(const Simulator& s, const Plan& plan, const Grouping& grouping, const AbcOptions& options)
    : s_(s), plan_(plan), grouping_(grouping), options_(options), lanes_(s), observed_(grouping.group.size()) {}

void Worker::observe(const std::int32_t* labels) {
  for (std::size_t g = 0; g < grouping_.group.size(); ++g) {
    observed_[g].clear();
    if (labels == nullptr) continue;
    for (const std::int32_t slot : grouping_.group[g].slot) {
      if (labels[slot] < 0) continue;
      if (labels[slot] >= s_.label_count(slot)) throw std::out_of_range("abc: no such label");
      observed_[g].push_back({slot, labels[slot]});
    }
  }
}

void Worker::draw_block(std::uint64_t example, std::int64_t block) {
  for (int word = 0; word < lanes_.words(); ++word) {
    draw(s_, plan_, thresholds_.data(), options_.seed, example, static_cast<std::uint64_t>(block * lanes_.words() + word),
         lanes_.words(), lanes_.cell(0) + word, lanes_.wants_values() ? lanes_.value(0) : nullptr);
  }
}

// The worlds of a word that are among the samples.
std::uint64_t Worker::live(std::int64_t block, int word) const {
  const std::int64_t left = options_.samples - (block * lanes_.words() + word) * 64;
  return left >= 64 ? ~std::uint64_t{0} : left <= 0 ? 0 : (std::uint64_t{1} << left) - 1;
}

// The worlds in which what the program itself says of this group holds.
std::uint64_t Worker::hard(const Group& group, int word) const {
  std::uint64_t all = s_.impossible ? 0 : ~std::uint64_t{0};
  for (const std::int32_t e : group.evidence) all &= lanes_.word(s_.evidence[e], word);
  for (const std::int32_t c : group.constraint) {
    std::uint64_t body = ~std::uint64_t{0};
    for (std::int64_t l = s_.constraint_begin[c]; l < s_.constraint_begin[c + 1]; ++l) {
      body &= lanes_.word(s_.constraint_literal[l], word);
    }
    all &= ~body;
  }
  return all;
}

std::uint64_t Worker::exact(std::size_t g, int word) const {
  std::uint64_t all = ~std::uint64_t{0};
  for (const Observed& o : observed_[g]) all &= lanes_.word(s_.observed(o.slot, o.label), word);
  return all;
}

void Worker::distance(std::size_t g, int word, double* out) const {
  LaneCounter mismatches;
  const bool numeric = options_.distance == AbcOptions::Distance::Numeric;
  const auto is_number = [&](const Observed& o) {
    return numeric && s_.slot_functional[o.slot] && !std::isnan(plan_.label_number[s_.slot_begin[o.slot] + o.label]);
  };
  for (const Observed& o : observed_[g]) {
    if (!is_number(o)) mismatches.add(~lanes_.word(s_.observed(o.slot, o.label), word));
  }
  mismatches.counts(out);
  if (!numeric) return;
  for (const Observed& o : observed_[g]) {
    if (is_number(o)) numeric_distance(o, word, out);
  }
}

// A world in which the label is no number, or there is none, is as far as the farthest number and one more.
void Worker::numeric_distance(const Observed& o, int word, double* out) const {
  const double* const number = plan_.label_number.data() + s_.slot_begin[o.slot];
  const std::int64_t labels = s_.label_count(o.slot);
  std::uint64_t open = ~std::uint64_t{0};
  double farthest = 0;
  for (std::int64_t l = 0; l < labels; ++l) {
    if (std::isnan(number[l])) continue;
    const double apart = std::abs(number[l] - number[o.label]);
    farthest = std::max(farthest, apart);
    std::uint64_t here = lanes_.word(s_.observed(o.slot, static_cast<std::int32_t>(l)), word) & open;
    open &= ~here;
    for (; here != 0; here &= here - 1) out[lowest(here)] += apart;
  }
  for (; open != 0; open &= open - 1) out[lowest(open)] += farthest + 1;
}

// Weights of a word's worlds (zero where there are none); returns the worlds with a weight above zero.
std::uint64_t Worker::weigh(std::size_t g, std::int64_t block, int word, Tally& tally, double* world) {
  using Kernel = AbcOptions::Kernel;
  std::uint64_t holds = live(block, word) & hard(grouping_.group[g], word);
  GroupTally& own = tally.group[g];
  if (observed_[g].empty() || options_.kernel == Kernel::Exact) {
    holds &= exact(g, word);
    for (int l = 0; l < 64; ++l) world[l] = (holds >> l & 1) != 0 ? 1.0 : 0.0;
    if (options_.kernel == Kernel::Exponential) own.nearest = 0;
    return holds;
  }
  if (options_.kernel == Kernel::Nearest) {
    const double* const stored = stored_ + static_cast<std::int64_t>(g) * options_.samples + (block * lanes_.words() + word) * 64;
    std::uint64_t near = 0;
    for (std::uint64_t rest = holds; rest != 0; rest &= rest - 1) {
      if (stored[lowest(rest)] <= near_[g]) near |= rest & -rest;
    }
    for (int l = 0; l < 64; ++l) world[l] = (near >> l & 1) != 0 ? 1.0 : 0.0;
    return near;
  }
  distance(g, word, distance_.data());
  if (options_.kernel == Kernel::Fraction) {
    const double observed = static_cast<double>(observed_[g].size());
    std::uint64_t positive = 0;
    for (int l = 0; l < 64; ++l) {
      world[l] = (holds >> l & 1) != 0 ? std::max(1.0 - distance_[l] / observed, 0.0) : 0.0;
      if (world[l] > 0) positive |= std::uint64_t{1} << l;
    }
    return positive;
  }
  double nearest = own.nearest;
  for (int l = 0; l < 64; ++l) nearest = std::min(nearest, (holds >> l & 1) != 0 ? distance_[l] : infinity);
  if (nearest < own.nearest) {
    if (own.sum > 0) tally.rescale(g, std::exp(-options_.rate * (own.nearest - nearest)));
    own.nearest = nearest;
  }
  exponential_weights(distance_.data(), holds, options_.rate, nearest, world);
  return holds;
}

void Worker::run(std::uint64_t example, std::int64_t begin, std::int64_t end, Tally& tally) {
  alignas(64) double world[64];
  distance_.resize(64);
  for (std::int64_t block = begin; block < end; ++block) {
    draw_block(example, block);
    lanes_.run();
    for (std::size_t g = 0; g < grouping_.group.size(); ++g) {
      for (int word = 0; word < lanes_.words(); ++word) {
        if (live(block, word) == 0) break;
        const std::uint64_t positive = weigh(g, block, word, tally, world);
        add(example, g, block, word, positive, world, tally);
      }
    }
  }
}

void Worker::add(std::uint64_t example, std::size_t g, std::int64_t block, int word, std::uint64_t positive,
                 const double* world, Tally& tally) {
  const Group& group = grouping_.group[g];
  if (options_.control_variate && options_.task == Task::Marginals) {
    const std::uint64_t there = live(block, word);
    for (const std::int32_t c : group.choice) {
      count_choice(there, lanes_.cell(s_.choice_cell[c]) + word, s_.choice_alternatives[c], lanes_.words(),
                   tally.drawn.data() + plan_.value_begin[c]);
    }
  }
  if (positive == 0) return;
  GroupTally& own = tally.group[g];
  const bool equal = options_.kernel == AbcOptions::Kernel::Exact || options_.kernel == AbcOptions::Kernel::Nearest || observed_[g].empty();
  const double sum = equal ? count(positive) : fold_word(world, positive);
  own.sum += sum;
  own.positive += count(positive);
  double squares = 0;
  for (int l = 0; l < 64; ++l) squares += world[l] * world[l];
  own.squares += squares;
  if (options_.task != Task::Marginals) return choose(example, g, block, word, positive, world, sum, tally);
  for (const std::int32_t c : group.choice) {
    const std::uint64_t* const words = lanes_.cell(s_.choice_cell[c]) + word;
    double* const weight = tally.weight.data() + plan_.value_begin[c];
    const std::int32_t alternatives = s_.choice_alternatives[c];
    if (equal) {
      count_choice(positive, words, alternatives, lanes_.words(), weight);
    } else {
      fold_choice(world, words, alternatives, lanes_.words(), weight);
    }
  }
  for (const std::int32_t q : group.query) tally.query[q] += fold_word(world, lanes_.word(s_.queries[q], word));
  if (!group.computed.empty()) say(g, word, positive, world, tally);
}

// Map: the world of greatest prior times weight. Sample: one by weight, from all so far (a reservoir of one: Chao 1982).
void Worker::choose(std::uint64_t example, std::size_t g, std::int64_t block, int word, std::uint64_t positive,
                    const double* world, double sum, Tally& tally) const {
  GroupTally& own = tally.group[g];
  const std::int64_t first = (block * lanes_.words() + word) * 64;
  if (options_.task == Task::Map) {
    double score[64] = {};
    for (const std::int32_t c : grouping_.group[g].choice) {
      std::uint64_t none = positive;
      const double* const scores = scores_.data() + plan_.value_begin[c];
      const std::int32_t alternatives = s_.choice_alternatives[c];
      for (std::int32_t k = 0; k < alternatives; ++k) {
        std::uint64_t here = lanes_.cell(s_.choice_cell[c] + k)[word] & positive;
        none &= ~here;
        for (; here != 0; here &= here - 1) score[lowest(here)] += scores[k];
      }
      for (; none != 0; none &= none - 1) score[lowest(none)] += scores[alternatives];
    }
    const double scale = options_.kernel == AbcOptions::Kernel::Exponential ? options_.rate * own.nearest : 0.0;
    for (std::uint64_t rest = positive; rest != 0; rest &= rest - 1) {
      const int l = lowest(rest);
      const double total = score[l] + std::log(std::max(world[l], std::numeric_limits<double>::min())) - scale;
      if (own.chosen < 0 || total > own.score) {
        own.chosen = first + l;
        own.score = total;
      }
    }
    return;
  }
  const std::uint64_t stream = static_cast<std::uint64_t>(first / 64) * grouping_.group.size() + g;
  const auto uniform = uniform_pair(options_.seed ^ choosing, example, stream);
  if (own.chosen >= 0 && !(uniform[0] * own.sum < sum)) return;
  double running = 0;
  for (std::uint64_t rest = positive; rest != 0; rest &= rest - 1) {
    if (!(world[lowest(rest)] > 0)) continue;
    own.chosen = first + lowest(rest);
    running += world[lowest(rest)];
    if (uniform[1] * sum < running) break;
  }
}

// What the atoms with computed numbers say in each world; an atom said twice counts once.
void Worker::say(std::size_t g, int word, std::uint64_t positive, const double* world, Tally& tally) {
  const Group& group = grouping_.group[g];
  std::vector<std::map<std::vector<double>, std::int32_t>> spoken(64);
  for (const std::int32_t computed : group.computed) {
    const std::uint64_t here = positive & lanes_.word(s_.queries[s_.computed_query[computed]], word);
    if (here == 0) continue;
    std::vector<std::vector<double>> keys(64, {static_cast<double>(s_.computed_predicate[computed])});
    for (std::int64_t a = s_.computed_begin[computed]; a < s_.computed_begin[computed + 1]; ++a) {
      const std::int64_t argument = s_.computed_argument[a];
      const double* row = argument >= 0 ? lanes_.evaluate(static_cast<std::int32_t>(argument)) : nullptr;
      for (std::uint64_t rest = here; rest != 0; rest &= rest - 1) {
        const int l = lowest(rest);
        keys[l].push_back(row == nullptr ? 0.0 : 1.0);
        keys[l].push_back(row == nullptr ? static_cast<double>(~argument) : row[l]);
      }
    }
    for (std::uint64_t rest = here; rest != 0; rest &= rest - 1) {
      const int l = lowest(rest);
      const bool defined = std::none_of(keys[l].begin(), keys[l].end(), [](double x) { return std::isnan(x); });
      if (defined) spoken[l].try_emplace(std::move(keys[l]), computed);
    }
  }
  for (int l = 0; l < 64; ++l) {
    for (const auto& [key, computed] : spoken[l]) {
      Statement& statement = tally.said[g][key];
      if (statement.computed < 0) statement.computed = computed;
      statement.weight += world[l];
    }
  }
}

void Worker::distances(std::uint64_t example, std::int64_t begin, std::int64_t end, double* out) {
  double row[64];
  for (std::int64_t block = begin; block < end; ++block) {
    draw_block(example, block);
    lanes_.run();
    for (std::size_t g = 0; g < grouping_.group.size(); ++g) {
      for (int word = 0; word < lanes_.words(); ++word) {
        const std::int64_t first = (block * lanes_.words() + word) * 64;
        const std::int64_t there = std::min<std::int64_t>(64, options_.samples - first);
        if (there <= 0) break;
        const std::uint64_t holds = hard(grouping_.group[g], word);
        distance(g, word, row);
        double* const to = out + static_cast<std::int64_t>(g) * options_.samples + first;
        for (std::int64_t l = 0; l < there; ++l) to[l] = (holds >> l & 1) != 0 ? row[l] : infinity;
      }
    }
  }
}

void Worker::set_near(const double* distance, std::vector<double> near) {
  stored_ = distance;
  near_ = std::move(near);
}

void Worker::chosen(std::uint64_t example, const Tally& tally, std::vector<std::int32_t>& value,
                    std::vector<std::uint8_t>& query) {
  // Choices that nothing weighs are as in the first world, or (Map) most probable.
  value.assign(s_.choice_count(), -1);
  for (std::int64_t g = -1; g < static_cast<std::int64_t>(grouping_.group.size()); ++g) {
    const std::int64_t world = g < 0 ? 0 : tally.group[g].chosen;
    if (world < 0) continue;
    draw_block(example, world / lanes_.width());
    const int word = static_cast<int>(world % lanes_.width() / 64), bit = static_cast<int>(world % 64);
    const auto read = [&](std::size_t c) {
      value[c] = s_.choice_alternatives[c];
      for (std::int32_t k = 0; k < s_.choice_alternatives[c]; ++k) {
        if ((lanes_.cell(s_.choice_cell[c] + k)[word] >> bit & 1) != 0) value[c] = k;
      }
    };
    if (g >= 0) {
      for (const std::int32_t c : grouping_.group[g].choice) read(static_cast<std::size_t>(c));
    } else {
      for (std::size_t c = 0; c < value.size(); ++c) {
        read(c);
        if (options_.task != Task::Map) continue;
        const auto first = scores_.begin() + plan_.value_begin[c], last = scores_.begin() + plan_.value_begin[c + 1];
        value[c] = static_cast<std::int32_t>(std::max_element(first, last) - first);
      }
    }
  }
  for (std::size_t c = 0; c < value.size(); ++c) {
    std::int32_t row[64];
    std::fill_n(row, 64, value[c]);
    for (int word = 0; word < lanes_.words(); ++word) lanes_.set(c, word, row);
  }
  lanes_.run();
  query.clear();
  for (const CellLiteral lit : s_.queries) query.push_back(static_cast<std::uint8_t>(lanes_.word(lit, 0) & 1));
}

}  // namespace emnesy::abc
