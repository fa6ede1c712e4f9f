// PriorRules and LabelCodes: what the tensors of a program may hold.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "emnesy/check.hpp"
#include "emnesy/label_codes.hpp"
#include "thread_pool.hpp"

namespace py = pybind11;
using namespace emnesy;

namespace {

std::vector<PriorRule> prior_rules(const py::sequence& rules) {
  std::vector<PriorRule> result;
  for (const py::handle item : rules) {
    const auto rule = item.cast<py::tuple>();
    result.push_back({copy_of(rule[0].cast<py::array_t<std::int64_t>>()), rule[1].cast<std::int32_t>(), rule[2].cast<bool>()});
  }
  return result;
}

// A batch that is looked at by several threads: a few microseconds' worth each, and the first example found counts.
template <typename Real>
InvalidPrior look(const PriorRule& rule, const py::array& block, int threads) {
  const auto* data = static_cast<const Real*>(block.data());
  const std::int64_t examples = block.shape(0), size = block.shape(1);
  for (const std::int64_t offset : rule.offset) {
    if (offset < 0 || offset + rule.width > size) throw py::value_error("block: too few columns for its rule");
  }
  const std::int64_t chunk = std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(size, 1));
  const py::gil_scoped_release release;
  InvalidPrior found;
  std::mutex mutex;
  parallel_for(examples, threads < 2 ? examples : chunk, threads, [&](std::int64_t begin, std::int64_t end, int) {
    InvalidPrior here = first_invalid_prior(rule, data + begin * size, end - begin, size);
    if (here.example < 0) return;
    here.example += begin;
    const std::lock_guard<std::mutex> lock(mutex);
    if (found.example < 0 || here.example < found.example) found = here;
  });
  return found;
}

py::object first_invalid(const std::vector<PriorRule>& rules, std::size_t index, const py::array& block, int threads) {
  if (block.ndim() != 2 || !(block.flags() & py::array::c_style)) throw py::value_error("block: expected a C-contiguous matrix");
  InvalidPrior found;
  if (py::isinstance<py::array_t<float>>(block)) {
    found = look<float>(rules.at(index), block, threads);
  } else if (py::isinstance<py::array_t<double>>(block)) {
    found = look<double>(rules.at(index), block, threads);
  } else {
    throw py::type_error("block: expected float32 or float64");
  }
  if (found.example < 0) return py::none();
  return py::make_tuple(found.example, found.choice, found.alternative, found.value);
}

template <typename Int>
bool encode(const LabelCodes& codes, const py::array& values, py::array_t<std::int32_t>& labels) {
  const auto* from = static_cast<const Int*>(values.data());
  const std::int64_t batch = values.shape(0), row = labels.shape(1);
  std::int32_t* to = labels.mutable_data();
  const py::gil_scoped_release release;
  return codes.encode(from, batch, to, row);
}

bool encode_labels(const LabelCodes& codes, const py::array& values, py::array_t<std::int32_t>& labels) {
  if (values.ndim() != 2 || labels.ndim() != 2 || labels.shape(0) != values.shape(0) || values.shape(1) != codes.elements() ||
      codes.first_slot() + codes.slots() > labels.shape(1) || !(values.flags() & py::array::c_style) ||
      !(labels.flags() & py::array::c_style)) {
    throw py::value_error("arrays do not fit each other");
  }
  if (py::isinstance<py::array_t<std::int64_t>>(values)) return encode<std::int64_t>(codes, values, labels);
  if (py::isinstance<py::array_t<std::int32_t>>(values)) return encode<std::int32_t>(codes, values, labels);
  if (py::isinstance<py::array_t<bool>>(values)) return encode<std::uint8_t>(codes, values, labels);
  throw py::type_error("values: expected int32, int64 or bool");
}

}  // namespace

void bind_check(py::module_& m) {
  py::register_exception<InvalidPriors>(m, "InvalidPriors", PyExc_ValueError);
  py::class_<PriorRules>(m, "PriorRules")
      .def(py::init([](const py::sequence& rules) { return PriorRules{prior_rules(rules)}; }), py::arg("rules"))
      .def(
          "first_invalid",
          [](const PriorRules& self, std::size_t index, const py::array& block, int threads) {
            return first_invalid(self.rules, index, block, threads);
          },
          py::arg("index"), py::arg("block"), py::arg("threads") = 1);
  py::class_<LabelCodes>(m, "LabelCodes")
      .def(py::init([](const py::array_t<std::int64_t>& position, const py::array_t<std::int64_t>& uncovered,
                       const py::array_t<std::int32_t>& codes, std::int64_t least, bool functional, std::int64_t first_slot) {
             if (codes.ndim() != 2) throw py::value_error("codes: expected a matrix");
             return LabelCodes(copy_of(position), copy_of(uncovered), copy_of(codes), codes.shape(1), least, functional, first_slot);
           }),
           py::arg("positions"), py::arg("uncovered"), py::arg("codes"), py::arg("least"), py::arg("functional"),
           py::arg("first_slot"))
      .def_property_readonly("elements", &LabelCodes::elements)
      .def("encode", &encode_labels, py::arg("values").noconvert(), py::arg("labels").noconvert());
}
