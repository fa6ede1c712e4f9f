// Who reads what, from the steps.
#include <algorithm>

#include "simulator/compiler.hpp"
#include "simulator/reads.hpp"

namespace emnesy::simulator {
namespace {

// Pairs (what, step) as CSR, each pair once.
void index(std::vector<std::pair<std::int32_t, std::int32_t>>& pairs, std::size_t count, std::vector<std::int64_t>& begin,
           std::vector<std::int32_t>& reader) {
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  begin.assign(count + 1, 0);
  reader.clear();
  for (const auto& [what, step] : pairs) {
    ++begin[what + 1];
    reader.push_back(step);
  }
  for (std::size_t i = 0; i < count; ++i) begin[i + 1] += begin[i];
}

}  // namespace

void link_readers(Simulator& s) {
  std::vector<std::pair<std::int32_t, std::int32_t>> cells, numbers, choices;
  std::vector<std::int32_t> cell_writer(s.cell_count, -1), number_writer(s.number_count, -1);
  std::int32_t loop = -1, end = 0;
  const auto owner_of = [&](std::size_t step) {  // the loop around a step, or the step
    const auto here = static_cast<std::int32_t>(step);
    if (s.step_kind[step] == StepKind::Loop) {
      loop = here;
      end = s.loop_end[s.step_item[step]];
    }
    return here < end ? loop : here;
  };
  for (std::size_t step = 0; step < s.step_count(); ++step) {
    const std::int32_t owner = owner_of(step);
    for_each_write(s, step, [&](std::int32_t c) { cell_writer[c] = owner; }, [&](std::int32_t n) { number_writer[n] = owner; });
  }
  loop = -1;
  end = 0;
  for (std::size_t step = 0; step < s.step_count(); ++step) {
    const std::int32_t owner = owner_of(step);
    for_each_read(
        s, step, [&](std::int32_t c) { if (cell_writer[c] != owner) cells.emplace_back(c, owner); },
        [&](std::int32_t n) { if (number_writer[n] != owner) numbers.emplace_back(n, owner); },
        [&](std::int32_t c) { choices.emplace_back(c, owner); });
  }
  index(cells, static_cast<std::size_t>(s.cell_count), s.cell_reader_begin, s.cell_reader);
  index(numbers, static_cast<std::size_t>(s.number_count), s.number_reader_begin, s.number_reader);
  index(choices, s.choice_count(), s.choice_reader_begin, s.choice_reader);
}

}  // namespace emnesy::simulator
