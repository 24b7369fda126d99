#include "api/types/instance.h"

#include "api/codec.h"

namespace api {

API_TYPE(InstancePut) {
  return fields<InstancePut>(
      field<&InstancePut::architecture>("architecture"),
      field<&InstancePut::config>("config"),
      field<&InstancePut::devices>("devices"),
      field<&InstancePut::ephemeral>("ephemeral"),
      field<&InstancePut::profiles>("profiles"),
      field<&InstancePut::restore>("restore", kOmitEmpty),
      field<&InstancePut::disk_only>("disk_only", kOmitEmpty),
      field<&InstancePut::stateful>("stateful"),
      field<&InstancePut::description>("description"));
}

API_TYPE(InstanceSource) {
  return fields<InstanceSource>(
      field<&InstanceSource::type>("type"),
      field<&InstanceSource::certificate>("certificate"),
      field<&InstanceSource::alias>("alias", kOmitEmpty),
      field<&InstanceSource::fingerprint>("fingerprint", kOmitEmpty),
      field<&InstanceSource::properties>("properties", kOmitEmpty),
      field<&InstanceSource::server>("server", kOmitEmpty),
      field<&InstanceSource::secret>("secret", kOmitEmpty),
      field<&InstanceSource::protocol>("protocol", kOmitEmpty),
      field<&InstanceSource::base_image>("base-image", kOmitEmpty),
      field<&InstanceSource::mode>("mode", kOmitEmpty),
      field<&InstanceSource::operation>("operation", kOmitEmpty),
      field<&InstanceSource::secrets>("secrets", kOmitEmpty),
      field<&InstanceSource::source>("source", kOmitEmpty),
      field<&InstanceSource::live>("live", kOmitEmpty),
      field<&InstanceSource::instance_only>("instance_only", kOmitEmpty),
      field<&InstanceSource::refresh>("refresh", kOmitEmpty),
      field<&InstanceSource::refresh_exclude_older>("refresh_exclude_older", kOmitEmpty),
      field<&InstanceSource::project>("project", kOmitEmpty),
      field<&InstanceSource::allow_inconsistent>("allow_inconsistent"));
}

API_TYPE(InstancesPost) {
  return fields<InstancesPost>(
      base<InstancesPost, InstancePut>(),
      field<&InstancesPost::name>("name"),
      field<&InstancesPost::source>("source"),
      field<&InstancesPost::instance_type>("instance_type"),
      field<&InstancesPost::type>("type"),
      field<&InstancesPost::start>("start"));
}

API_TYPE(InstancesPut) {
  return fields<InstancesPut>(
      field<&InstancesPut::state>("state"));
}

API_TYPE(InstancePost) {
  return fields<InstancePost>(
      field<&InstancePost::name>("name"),
      field<&InstancePost::migration>("migration"),
      field<&InstancePost::live>("live"),
      field<&InstancePost::refresh>("refresh"),
      field<&InstancePost::instance_only>("instance_only"),
      field<&InstancePost::target>("target"),
      field<&InstancePost::pool>("pool"),
      field<&InstancePost::project>("project"),
      field<&InstancePost::allow_inconsistent>("allow_inconsistent"),
      field<&InstancePost::config>("Config"),
      field<&InstancePost::devices>("Devices"),
      field<&InstancePost::profiles>("Profiles"));
}

API_TYPE(InstanceRebuildPost) {
  return fields<InstanceRebuildPost>(
      field<&InstanceRebuildPost::source>("source"));
}

API_TYPE(Instance) {
  return fields<Instance>(
      base<Instance, InstancePut>(),
      field<&Instance::created_at>("created_at"),
      field<&Instance::expanded_config>("expanded_config", kOmitEmpty),
      field<&Instance::expanded_devices>("expanded_devices", kOmitEmpty),
      field<&Instance::name>("name"),
      field<&Instance::status>("status"),
      field<&Instance::status_code>("status_code"),
      field<&Instance::last_used_at>("last_used_at"),
      field<&Instance::location>("location"),
      field<&Instance::type>("type"),
      field<&Instance::project>("project"));
}

API_TYPE(InstanceFull) {
  return fields<InstanceFull>(
      base<InstanceFull, Instance>(),
      field<&InstanceFull::backups>("backups"),
      field<&InstanceFull::state>("state"),
      field<&InstanceFull::snapshots>("snapshots"));
}

}  // namespace api
