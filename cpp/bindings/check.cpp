#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <mutex>

#include "bindings.hpp"
#include "emnesy/check.hpp"
#include "thread_pool.hpp"

namespace py = pybind11;
using namespace emnesy;

namespace {

// A batch that is looked at by several threads: a few microseconds' worth each, and the first example found counts.
template <typename Real>
InvalidPrior look(const py::array& block, const py::array_t<std::int64_t>& offsets, std::int32_t width, bool partial, int threads) {
  const auto* data = static_cast<const Real*>(block.data());
  const std::int64_t* first = offsets.data();
  const std::int64_t examples = block.shape(0), stride = block.shape(1), choices = offsets.size();
  const std::int64_t chunk = std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(stride, 1));
  const py::gil_scoped_release release;
  if (threads < 2 || examples <= chunk) return first_invalid_prior(data, examples, stride, first, choices, width, partial);
  InvalidPrior found;
  std::mutex mutex;
  parallel_for(examples, chunk, threads, [&](std::int64_t begin, std::int64_t end, int) {
    InvalidPrior here = first_invalid_prior(data + begin * stride, end - begin, stride, first, choices, width, partial);
    if (here.example < 0) return;
    here.example += begin;
    const std::lock_guard<std::mutex> lock(mutex);
    if (found.example < 0 || here.example < found.example) found = here;
  });
  return found;
}

py::object check(const py::array& block, const py::array_t<std::int64_t>& offsets, std::int32_t width, bool partial,
                 int threads) {
  if (block.ndim() != 2 || !(block.flags() & py::array::c_style)) throw py::value_error("block: expected a C-contiguous matrix");
  InvalidPrior found;
  if (py::isinstance<py::array_t<float>>(block)) {
    found = look<float>(block, offsets, width, partial, threads);
  } else if (py::isinstance<py::array_t<double>>(block)) {
    found = look<double>(block, offsets, width, partial, threads);
  } else {
    throw py::type_error("block: expected float32 or float64");
  }
  if (found.example < 0) return py::none();
  return py::make_tuple(found.example, found.choice, found.alternative, found.value);
}

// Writes the labels of one observed predicate into the table of evidence, or says that some label needs a second
// look (false; the table is then unspecified). See LabelCodes in ground/interface.py.
template <typename Int>
bool encode(const py::array& values, const py::array_t<std::int64_t>& positions,
            const py::array_t<std::int64_t>& uncovered, const py::array_t<std::int32_t>& codes, std::int64_t least,
            bool functional, std::int64_t first_slot, py::array_t<std::int32_t>& labels) {
  if (values.ndim() != 2 || codes.ndim() != 2 || labels.ndim() != 2 || labels.shape(0) != values.shape(0) ||
      codes.shape(0) != positions.size() || first_slot + positions.size() > labels.shape(1)) {
    throw py::value_error("arrays do not fit each other");
  }
  const auto value = values.unchecked<Int, 2>();
  const auto position = positions.unchecked<1>();
  const auto other = uncovered.unchecked<1>();
  const auto code = codes.unchecked<2>();
  auto label = labels.mutable_unchecked<2>();
  py::gil_scoped_release release;
  for (py::ssize_t b = 0; b < value.shape(0); ++b) {
    for (py::ssize_t s = 0; s < position.shape(0); ++s) {
      const std::int64_t v = value(b, position(s));
      // Unsigned, as a label may be any number; what lies below `least` is beyond all codes.
      const std::uint64_t index = static_cast<std::uint64_t>(v) - static_cast<std::uint64_t>(least);
      if (index < static_cast<std::uint64_t>(code.shape(1)) && code(s, static_cast<py::ssize_t>(index)) >= 0) {
        label(b, first_slot + s) = code(s, static_cast<py::ssize_t>(index));
      } else if (v == -1 && least >= 0) {
        label(b, first_slot + s) = -1;
      } else {
        return false;
      }
    }
    for (py::ssize_t i = 0; i < other.shape(0); ++i) {
      const std::int64_t v = value(b, other(i));
      if (v != -1 && (functional || v != 0)) return false;
    }
  }
  return true;
}

bool encode_labels(const py::array& values, const py::array_t<std::int64_t>& positions,
                   const py::array_t<std::int64_t>& uncovered, const py::array_t<std::int32_t>& codes, std::int64_t least,
                   bool functional, std::int64_t first_slot, py::array_t<std::int32_t>& labels) {
  if (py::isinstance<py::array_t<std::int64_t>>(values)) {
    return encode<std::int64_t>(values, positions, uncovered, codes, least, functional, first_slot, labels);
  }
  if (py::isinstance<py::array_t<std::int32_t>>(values)) {
    return encode<std::int32_t>(values, positions, uncovered, codes, least, functional, first_slot, labels);
  }
  throw py::type_error("values: expected int32 or int64");
}

}  // namespace

void bind_check(py::module_& m) {
  m.def("encode_labels", &encode_labels, py::arg("values").noconvert(), py::arg("positions").noconvert(),
        py::arg("uncovered").noconvert(), py::arg("codes").noconvert(), py::arg("least"), py::arg("functional"),
        py::arg("first_slot"), py::arg("labels").noconvert());
  m.def("first_invalid_prior", &check, py::arg("block"), py::arg("offsets"), py::arg("width"), py::arg("partial"),
        py::arg("threads") = 1);
}
