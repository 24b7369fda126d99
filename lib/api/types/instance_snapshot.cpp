#include "api/types/instance_snapshot.h"

#include "api/codec.h"

namespace api {

API_TYPE(InstancePostTarget) {
  return fields<InstancePostTarget>(
      field<&InstancePostTarget::certificate>("certificate"),
      field<&InstancePostTarget::operation>("operation", kOmitEmpty),
      field<&InstancePostTarget::secrets>("secrets", kOmitEmpty));
}

API_TYPE(InstanceSnapshotsPost) {
  return fields<InstanceSnapshotsPost>(
      field<&InstanceSnapshotsPost::name>("name"),
      field<&InstanceSnapshotsPost::stateful>("stateful"),
      field<&InstanceSnapshotsPost::expires_at>("expires_at"));
}

API_TYPE(InstanceSnapshotPost) {
  return fields<InstanceSnapshotPost>(
      field<&InstanceSnapshotPost::name>("name"),
      field<&InstanceSnapshotPost::migration>("migration"),
      field<&InstanceSnapshotPost::target>("target"),
      field<&InstanceSnapshotPost::live>("live", kOmitEmpty));
}

API_TYPE(InstanceSnapshotPut) {
  return fields<InstanceSnapshotPut>(
      field<&InstanceSnapshotPut::expires_at>("expires_at"));
}

API_TYPE(InstanceSnapshot) {
  return fields<InstanceSnapshot>(
      base<InstanceSnapshot, InstanceSnapshotPut>(),
      field<&InstanceSnapshot::architecture>("architecture"),
      field<&InstanceSnapshot::config>("config"),
      field<&InstanceSnapshot::created_at>("created_at"),
      field<&InstanceSnapshot::description>("description"),
      field<&InstanceSnapshot::devices>("devices"),
      field<&InstanceSnapshot::ephemeral>("ephemeral"),
      field<&InstanceSnapshot::expanded_config>("expanded_config", kOmitEmpty),
      field<&InstanceSnapshot::expanded_devices>("expanded_devices", kOmitEmpty),
      field<&InstanceSnapshot::last_used_at>("last_used_at"),
      field<&InstanceSnapshot::name>("name"),
      field<&InstanceSnapshot::profiles>("profiles"),
      field<&InstanceSnapshot::stateful>("stateful"),
      field<&InstanceSnapshot::size>("size"));
}

}  // namespace api
