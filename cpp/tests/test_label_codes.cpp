// Labels by their place in a table of codes.
#include <catch2/catch.hpp>

#include <limits>
#include <random>
#include <stdexcept>

#include "emnesy/label_codes.hpp"

using namespace emnesy;

namespace {

// What an element says, one after the other: the definition.
bool slowly(const std::vector<std::vector<std::int32_t>>& codes, std::int64_t least, const std::vector<std::int64_t>& values,
            std::vector<std::int32_t>& labels) {
  const std::size_t slots = codes.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& code = codes[i % slots];
    const std::int64_t v = values[i];
    const bool inside = v >= least && v < least + static_cast<std::int64_t>(code.size()) && code[v - least] >= 0;
    if (!inside && !(v == -1 && least >= 0)) return false;
    labels[i] = inside ? code[v - least] : -1;
  }
  return true;
}

std::vector<std::int32_t> flat(const std::vector<std::vector<std::int32_t>>& codes) {
  std::vector<std::int32_t> result;
  for (const auto& code : codes) result.insert(result.end(), code.begin(), code.end());
  return result;
}

template <typename Int>
void compare(const std::vector<std::vector<std::int32_t>>& codes, std::int64_t least, std::mt19937& random) {
  const auto slots = static_cast<std::int64_t>(codes.size());
  std::vector<std::int64_t> position;
  for (std::int64_t s = 0; s < slots; ++s) position.push_back(s);
  const LabelCodes table(position, {}, flat(codes), static_cast<std::int64_t>(codes[0].size()), least, true, 0);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t batch = 1 + round % 7;
    std::vector<std::int64_t> wide;
    for (std::int64_t i = 0; i < batch * slots; ++i) {
      const auto& code = codes[static_cast<std::size_t>(i % slots)];
      std::int64_t v = least + static_cast<std::int64_t>(random() % code.size());
      while (code[v - least] < 0) v = least + static_cast<std::int64_t>(random() % code.size());
      if (random() % 5 == 0 && std::is_signed_v<Int>) v = -1;
      if (random() % 60 == 0) v = least + static_cast<std::int64_t>(random() % (code.size() + 3)) - (std::is_signed_v<Int> ? 2 : 0);
      if (random() % 400 == 0) v = random() % 2 ? std::numeric_limits<Int>::max() : std::numeric_limits<Int>::min();
      wide.push_back(v);
    }
    const std::vector<Int> values(wide.begin(), wide.end());
    std::vector<std::int32_t> expected(wide.size()), found(wide.size());
    const bool right = slowly(codes, least, wide, expected);
    REQUIRE(table.encode(values.data(), batch, found.data(), slots) == right);
    if (right) REQUIRE(found == expected);
  }
}

}  // namespace

TEST_CASE("labels that count up and labels from a table equal the definition") {
  std::mt19937 random(81);
  const std::vector<std::vector<std::int32_t>> digits{{0, 1, 2, 3, 4}, {0, 1, -1, -1, -1}, {0, 1, 2, -1, -1}};
  const std::vector<std::vector<std::int32_t>> alike(3, {0, 1, 2, 3, 4});
  const std::vector<std::vector<std::int32_t>> mixed{{0, -1, 1, 2, -1}, {3, 2, 1, 0, -1}, {-1, -1, -1, -1, 0}};
  for (const std::int64_t least : {std::int64_t{0}, std::int64_t{3}, std::int64_t{-4}, std::int64_t{1} << 40}) {
    for (const auto& codes : {digits, alike, {alike[0]}, mixed}) {
      compare<std::int64_t>(codes, least, random);
      if (least < 100) compare<std::int32_t>(codes, least, random);
    }
  }
  compare<std::uint8_t>({{0, 1}, {0, 1}, {0, 1}}, 0, random);
}

TEST_CASE("labels go to the slots of their predicate, and elements of no slot must say nothing") {
  // Elements 3 and 1 are slots 2 and 3 of five.
  const std::vector<std::int32_t> codes{0, 1, 0, 1};
  const LabelCodes truth({3, 1}, {0, 2}, codes, 2, 0, false, 2);
  const LabelCodes value({3, 1}, {0, 2}, codes, 2, 0, true, 2);
  CHECK(truth.elements() == 4);
  std::vector<std::int32_t> labels(10, 7);
  const std::vector<std::int32_t> rows{0, 1, -1, 0, -1, 0, 0, 1};
  REQUIRE(truth.encode(rows.data(), 2, labels.data(), 5));
  CHECK(labels == std::vector<std::int32_t>{7, 7, 0, 1, 7, 7, 7, 1, 0, 7});
  CHECK_FALSE(value.encode(rows.data(), 2, labels.data(), 5));  // 0 is a value, and there is nothing to have it
  const std::vector<std::int32_t> wrong{1, 1, -1, 0};
  CHECK_FALSE(truth.encode(wrong.data(), 1, labels.data(), 5));
}

TEST_CASE("labels that count up leave the slots of other predicates alone") {
  const LabelCodes codes({0, 1}, {}, {0, 1, 2, 0, 1, 2}, 3, 5, true, 1);
  std::vector<std::int32_t> labels(8, 7);
  const std::vector<std::int64_t> rows{5, 7, -1, 6};
  REQUIRE(codes.encode(rows.data(), 2, labels.data(), 4));
  CHECK(labels == std::vector<std::int32_t>{7, 0, 2, 7, 7, -1, 1, 7});
}

TEST_CASE("label codes that do not fit each other are refused") {
  CHECK_THROWS_AS(LabelCodes({0, 2}, {}, {0, 0}, 1, 0, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(LabelCodes({0}, {-1}, {0}, 1, 0, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(LabelCodes({0}, {}, {0, 1, 2}, 2, 0, true, 0), std::invalid_argument);
  CHECK_THROWS_AS(LabelCodes({0}, {}, {}, 0, 0, true, 0), std::invalid_argument);
}
