// Wire types of the "server" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct ServerStorageDriverInfo {
  std::string name;
  std::string version;
  bool remote = false;
};

struct ServerEnvironment {
  std::vector<std::string> addresses;
  std::vector<std::string> architectures;
  std::string certificate;
  std::string certificate_fingerprint;
  std::string driver;
  std::string driver_version;
  std::string firewall;
  std::string kernel;
  std::string kernel_architecture;
  StringMap kernel_features;
  std::string kernel_version;
  StringMap lxc_features;
  std::string os_name;
  std::string os_version;
  std::string project;
  std::string server;
  bool server_clustered = false;
  std::string server_event_mode;
  std::string server_name;
  int64_t server_pid = 0;
  std::string server_version;
  std::string storage;
  std::string storage_version;
  std::vector<ServerStorageDriverInfo> storage_supported_drivers;
};

struct ServerPut {
  StringMap config;
};

struct ServerUntrusted : ServerPut {
  std::vector<std::string> api_extensions;
  std::string api_status;
  std::string api_version;
  std::string auth;
  bool public_ = false;
  std::vector<std::string> auth_methods;
};

struct Server : ServerUntrusted {
  std::string auth_user_name;
  std::string auth_user_method;
  ServerEnvironment environment;
};

struct ServerFiltered : Server {
  int64_t api_extensions_count = 0;
};

API_DECLARE(ServerStorageDriverInfo)
API_DECLARE(ServerEnvironment)
API_DECLARE(ServerPut)
API_DECLARE(ServerUntrusted)
API_DECLARE(Server)
API_DECLARE(ServerFiltered)

}  // namespace api
