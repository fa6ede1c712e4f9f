#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "emnesy/check.hpp"
#include "bindings.hpp"

namespace py = pybind11;
using namespace emnesy;

namespace {

template <typename Real>
InvalidPrior look(const py::array& block, const py::array_t<std::int64_t>& offsets, std::int32_t width, bool partial) {
  const auto* data = static_cast<const Real*>(block.data());
  const std::int64_t* first = offsets.data();
  const std::int64_t examples = block.shape(0), stride = block.shape(1), choices = offsets.size();
  py::gil_scoped_release release;
  return first_invalid_prior(data, examples, stride, first, choices, width, partial);
}

py::object check(const py::array& block, const py::array_t<std::int64_t>& offsets, std::int32_t width, bool partial) {
  if (block.ndim() != 2 || !(block.flags() & py::array::c_style)) throw py::value_error("block: expected a C-contiguous matrix");
  InvalidPrior found;
  if (py::isinstance<py::array_t<float>>(block)) {
    found = look<float>(block, offsets, width, partial);
  } else if (py::isinstance<py::array_t<double>>(block)) {
    found = look<double>(block, offsets, width, partial);
  } else {
    throw py::type_error("block: expected float32 or float64");
  }
  if (found.example < 0) return py::none();
  return py::make_tuple(found.example, found.choice, found.alternative, found.value);
}

}  // namespace

void bind_check(py::module_& m) {
  m.def("first_invalid_prior", &check, py::arg("block"), py::arg("offsets"), py::arg("width"), py::arg("partial"));
}
