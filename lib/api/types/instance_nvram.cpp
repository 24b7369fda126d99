#include "api/types/instance_nvram.h"

#include "api/codec.h"

namespace api {

API_TYPE(InstanceNVRAMVariablePut) {
  return fields<InstanceNVRAMVariablePut>(
      field<&InstanceNVRAMVariablePut::data>("data", kOmitEmpty),
      field<&InstanceNVRAMVariablePut::attributes>("attributes"),
      field<&InstanceNVRAMVariablePut::timestamp>("timestamp", kOmitEmpty));
}

API_TYPE(InstanceNVRAMVariable) {
  return fields<InstanceNVRAMVariable>(
      base<InstanceNVRAMVariable, InstanceNVRAMVariablePut>(),
      field<&InstanceNVRAMVariable::binary>("binary"));
}

}  // namespace api
