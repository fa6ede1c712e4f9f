#include "emnesy/label_codes.hpp"

#include <algorithm>
#include <stdexcept>
#include <type_traits>

#include "simd.hpp"

namespace emnesy {
namespace {

// Rows whose slots count from `least`, which is not negative: one slot after the other, without a table.
struct Rows {
  std::int64_t batch, slots;
  const std::int32_t* count;  // labels of each slot
  std::int64_t least;
  std::int32_t* labels;
  std::int64_t row;
  bool same;  // every slot has as many labels as the first
};

template <bool Same, typename Int>
EMNESY_ALWAYS bool count_all(const Int* values, const Rows& rows) {
  using Unsigned = std::make_unsigned_t<Int>;
  const auto least = static_cast<Unsigned>(rows.least);
  Unsigned wrong = 0;
  for (std::int64_t b = 0; b < rows.batch; ++b, values += rows.slots) {
    std::int32_t* labels = rows.labels + b * rows.row;
    for (std::int64_t s = 0; s < rows.slots; ++s) {
      const bool missing = std::is_signed_v<Int> && values[s] == static_cast<Int>(-1);
      const auto index = static_cast<Unsigned>(static_cast<Unsigned>(values[s]) - least);
      wrong |= static_cast<Unsigned>(!missing & (index >= static_cast<Unsigned>(rows.count[Same ? 0 : s])));
      labels[s] = missing ? -1 : static_cast<std::int32_t>(index);
    }
  }
  return wrong == 0;
}

template <typename Int>
EMNESY_ALWAYS bool count_any(const Int* values, const Rows& rows) {
  return rows.same ? count_all<true>(values, rows) : count_all<false>(values, rows);
}

EMNESY_CLONES bool count(const std::int32_t* values, const Rows& rows) { return count_any(values, rows); }
EMNESY_CLONES bool count(const std::int64_t* values, const Rows& rows) { return count_any(values, rows); }
EMNESY_CLONES bool count(const std::uint8_t* values, const Rows& rows) { return count_any(values, rows); }

}  // namespace

LabelCodes::LabelCodes(std::vector<std::int64_t> position, std::vector<std::int64_t> uncovered, std::vector<std::int32_t> code,
                       std::int64_t width, std::int64_t least, bool functional, std::int64_t first_slot)
    : position_(std::move(position)),
      uncovered_(std::move(uncovered)),
      code_(std::move(code)),
      width_(width),
      least_(least),
      first_slot_(first_slot),
      functional_(functional) {
  const auto inside = [&](std::int64_t element) { return element >= 0 && element < elements(); };
  if (width < 1 || first_slot < 0 || static_cast<std::int64_t>(code_.size()) != slots() * width ||
      !std::all_of(position_.begin(), position_.end(), inside) || !std::all_of(uncovered_.begin(), uncovered_.end(), inside)) {
    throw std::invalid_argument("label codes: arrays do not fit each other");
  }
  // A byte holds truth values only, so small numbers are enough.
  if (!uncovered_.empty() || least < 0 || least > 1 << 30) return;
  std::vector<std::int32_t> count;
  for (std::int64_t s = 0; s < slots(); ++s) {
    const std::int32_t* codes = code_.data() + s * width;
    std::int32_t n = 0;
    while (n < width && codes[n] == n) ++n;
    if (position_[s] != s || !std::all_of(codes + n, codes + width, [](std::int32_t c) { return c < 0; })) return;
    count.push_back(n);
  }
  same_ = std::all_of(count.begin(), count.end(), [&](std::int32_t n) { return n == count[0]; });
  count_ = std::move(count);
}

template <typename Int>
bool LabelCodes::encode(const Int* values, std::int64_t batch, std::int32_t* labels, std::int64_t row) const {
  labels += first_slot_;
  if (!count_.empty() && (std::is_signed_v<Int> || least_ == 0)) {
    // Without gaps between rows a batch is one long row: an example often has one label, and then a row is nothing.
    if (same_ && row == slots()) return count(values, {1, batch * row, count_.data(), least_, labels, row, true});
    return count(values, {batch, slots(), count_.data(), least_, labels, row, same_});
  }
  for (std::int64_t b = 0; b < batch; ++b, values += elements(), labels += row) {
    for (std::int64_t s = 0; s < slots(); ++s) {
      const auto v = static_cast<std::int64_t>(values[position_[s]]);
      // Unsigned, as a label may be any number; what lies below `least` is beyond all codes.
      const std::uint64_t index = static_cast<std::uint64_t>(v) - static_cast<std::uint64_t>(least_);
      if (index < static_cast<std::uint64_t>(width_) && code_[s * width_ + static_cast<std::int64_t>(index)] >= 0) {
        labels[s] = code_[s * width_ + static_cast<std::int64_t>(index)];
      } else if (v == -1 && least_ >= 0) {
        labels[s] = -1;
      } else {
        return false;
      }
    }
    for (const std::int64_t element : uncovered_) {
      const auto v = static_cast<std::int64_t>(values[element]);
      if (v != -1 && (functional_ || v != 0)) return false;
    }
  }
  return true;
}
template bool LabelCodes::encode<std::int32_t>(const std::int32_t*, std::int64_t, std::int32_t*, std::int64_t) const;
template bool LabelCodes::encode<std::int64_t>(const std::int64_t*, std::int64_t, std::int32_t*, std::int64_t) const;
template bool LabelCodes::encode<std::uint8_t>(const std::uint8_t*, std::int64_t, std::int32_t*, std::int64_t) const;

}  // namespace emnesy
