#include "api/types/network_zone.h"

#include "api/codec.h"

namespace api {

API_TYPE(NetworkZonePut) {
  return fields<NetworkZonePut>(
      field<&NetworkZonePut::description>("description"),
      field<&NetworkZonePut::config>("config"));
}

API_TYPE(NetworkZonesPost) {
  return fields<NetworkZonesPost>(
      base<NetworkZonesPost, NetworkZonePut>(),
      field<&NetworkZonesPost::name>("name"));
}

API_TYPE(NetworkZone) {
  return fields<NetworkZone>(
      base<NetworkZone, NetworkZonePut>(),
      field<&NetworkZone::name>("name"),
      field<&NetworkZone::used_by>("used_by"),
      field<&NetworkZone::project>("project"));
}

API_TYPE(NetworkZoneRecordEntry) {
  return fields<NetworkZoneRecordEntry>(
      field<&NetworkZoneRecordEntry::type>("type"),
      field<&NetworkZoneRecordEntry::ttl>("ttl", kOmitEmpty),
      field<&NetworkZoneRecordEntry::value>("value"));
}

API_TYPE(NetworkZoneRecordPut) {
  return fields<NetworkZoneRecordPut>(
      field<&NetworkZoneRecordPut::description>("description"),
      field<&NetworkZoneRecordPut::entries>("entries"),
      field<&NetworkZoneRecordPut::config>("config"));
}

API_TYPE(NetworkZoneRecordsPost) {
  return fields<NetworkZoneRecordsPost>(
      base<NetworkZoneRecordsPost, NetworkZoneRecordPut>(),
      field<&NetworkZoneRecordsPost::name>("name"));
}

API_TYPE(NetworkZoneRecord) {
  return fields<NetworkZoneRecord>(
      base<NetworkZoneRecord, NetworkZoneRecordPut>(),
      field<&NetworkZoneRecord::name>("name"));
}

}  // namespace api
