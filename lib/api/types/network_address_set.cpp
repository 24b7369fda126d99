#include "api/types/network_address_set.h"

#include "api/codec.h"

namespace api {

API_TYPE(NetworkAddressSetPost) {
  return fields<NetworkAddressSetPost>(
      field<&NetworkAddressSetPost::name>("name"));
}

API_TYPE(NetworkAddressSetPut) {
  return fields<NetworkAddressSetPut>(
      field<&NetworkAddressSetPut::addresses>("addresses"),
      field<&NetworkAddressSetPut::config>("config", kOmitEmpty),
      field<&NetworkAddressSetPut::description>("description"));
}

API_TYPE(NetworkAddressSetsPost) {
  return fields<NetworkAddressSetsPost>(
      base<NetworkAddressSetsPost, NetworkAddressSetPut>(),
      base<NetworkAddressSetsPost, NetworkAddressSetPost>());
}

API_TYPE(NetworkAddressSet) {
  return fields<NetworkAddressSet>(
      base<NetworkAddressSet, NetworkAddressSetPut>(),
      base<NetworkAddressSet, NetworkAddressSetPost>(),
      field<&NetworkAddressSet::used_by>("used_by"),
      field<&NetworkAddressSet::project>("project"));
}

}  // namespace api
