// The tensors of a call as Python hands them to an engine: matrices. (plain_call.cpp reads them where they lie.)
#include "tensors.hpp"

#include <optional>
#include <utility>

#include "arrays.hpp"
#include "bindings.hpp"

using namespace emnesy;

namespace {

// ([one (B, elements) block a predicate], (B, slots) labels); None: look closer.
py::object read_matrices(const TensorReader& reader, const py::object& priors, const py::object& evidence) {
  TensorReader::Tensors found;
  std::optional<py::array_t<std::int32_t>> labels;
  const auto new_table = [&](py::ssize_t batch) {
    labels = new_array<std::int32_t>({batch, reader.slots()});
    return labels->mutable_data();
  };
  if (!reader.read(priors, evidence, found, new_table)) return py::none();
  py::list blocks(found.priors.size());
  for (std::size_t p = 0; p < found.priors.size(); ++p) {
    py::array& array = found.priors[p];
    PyList_SET_ITEM(blocks.ptr(), static_cast<py::ssize_t>(p),
                    (array.ndim() == 2 ? std::move(array) : matrix_of(array, found.batch, reader.priors()[p].size)).release().ptr());
  }
  return py::make_tuple(std::move(blocks), *std::move(labels));
}

}  // namespace

void bind_tensors(py::module_& m) {
  py::class_<TensorReader>(m, "TensorReader")
      .def(py::init<const py::sequence&, const py::sequence&, py::ssize_t, py::object>(), py::arg("priors"), py::arg("labels"),
           py::arg("slots"), py::arg("view"))
      .def("read", &read_matrices, py::arg("priors"), py::arg("evidence"));
}
