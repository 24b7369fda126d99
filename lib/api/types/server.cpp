#include "api/types/server.h"

#include "api/codec.h"

namespace api {

API_TYPE(ServerStorageDriverInfo) {
  return fields<ServerStorageDriverInfo>(
      field<&ServerStorageDriverInfo::name>("Name"),
      field<&ServerStorageDriverInfo::version>("Version"),
      field<&ServerStorageDriverInfo::remote>("Remote"));
}

API_TYPE(ServerEnvironment) {
  return fields<ServerEnvironment>(
      field<&ServerEnvironment::addresses>("addresses"),
      field<&ServerEnvironment::architectures>("architectures"),
      field<&ServerEnvironment::certificate>("certificate"),
      field<&ServerEnvironment::certificate_fingerprint>("certificate_fingerprint"),
      field<&ServerEnvironment::driver>("driver"),
      field<&ServerEnvironment::driver_version>("driver_version"),
      field<&ServerEnvironment::firewall>("firewall"),
      field<&ServerEnvironment::kernel>("kernel"),
      field<&ServerEnvironment::kernel_architecture>("kernel_architecture"),
      field<&ServerEnvironment::kernel_features>("kernel_features"),
      field<&ServerEnvironment::kernel_version>("kernel_version"),
      field<&ServerEnvironment::lxc_features>("lxc_features"),
      field<&ServerEnvironment::os_name>("os_name"),
      field<&ServerEnvironment::os_version>("os_version"),
      field<&ServerEnvironment::project>("project"),
      field<&ServerEnvironment::server>("server"),
      field<&ServerEnvironment::server_clustered>("server_clustered"),
      field<&ServerEnvironment::server_event_mode>("server_event_mode"),
      field<&ServerEnvironment::server_name>("server_name"),
      field<&ServerEnvironment::server_pid>("server_pid"),
      field<&ServerEnvironment::server_version>("server_version"),
      field<&ServerEnvironment::storage>("storage"),
      field<&ServerEnvironment::storage_version>("storage_version"),
      field<&ServerEnvironment::storage_supported_drivers>("storage_supported_drivers"));
}

API_TYPE(ServerPut) {
  return fields<ServerPut>(
      field<&ServerPut::config>("config"));
}

API_TYPE(ServerUntrusted) {
  return fields<ServerUntrusted>(
      base<ServerUntrusted, ServerPut>(),
      field<&ServerUntrusted::api_extensions>("api_extensions"),
      field<&ServerUntrusted::api_status>("api_status"),
      field<&ServerUntrusted::api_version>("api_version"),
      field<&ServerUntrusted::auth>("auth"),
      field<&ServerUntrusted::public_>("public"),
      field<&ServerUntrusted::auth_methods>("auth_methods"));
}

API_TYPE(Server) {
  return fields<Server>(
      base<Server, ServerUntrusted>(),
      field<&Server::auth_user_name>("auth_user_name"),
      field<&Server::auth_user_method>("auth_user_method"),
      field<&Server::environment>("environment"));
}

API_TYPE(ServerFiltered) {
  return fields<ServerFiltered>(
      base<ServerFiltered, Server>(),
      field<&ServerFiltered::api_extensions_count>("api_extensions_count"));
}

}  // namespace api
