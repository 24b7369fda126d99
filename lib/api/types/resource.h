// Wire types of the "resource" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct ResourcesGPUCard;
struct ResourcesNetworkCard;

struct ResourcesCPUAddressSizes {
  uint64_t physical_bits = 0;
  uint64_t virtual_bits = 0;
};

struct ResourcesCPUCache {
  uint64_t level = 0;
  std::string type;
  uint64_t size = 0;
};

struct ResourcesCPUThread {
  int64_t id = 0;
  uint64_t numa_node = 0;
  uint64_t thread = 0;
  bool online = false;
  bool isolated = false;
};

struct ResourcesCPUCore {
  uint64_t core = 0;
  uint64_t cluster = 0;
  uint64_t die = 0;
  std::vector<ResourcesCPUThread> threads;
  uint64_t frequency = 0;
  std::vector<std::string> flags;
};

struct ResourcesCPUSocket {
  std::string name;
  std::string vendor;
  uint64_t socket = 0;
  std::vector<ResourcesCPUCache> cache;
  std::vector<ResourcesCPUCore> cores;
  uint64_t frequency = 0;
  uint64_t frequency_minimum = 0;
  uint64_t frequency_turbo = 0;
  std::optional<ResourcesCPUAddressSizes> address_sizes;
};

struct ResourcesCPU {
  std::string architecture;
  std::vector<ResourcesCPUSocket> sockets;
  uint64_t total = 0;
};

struct ResourcesGPUCardDRM {
  uint64_t id = 0;
  std::string card_name;
  std::string card_device;
  std::string control_name;
  std::string control_device;
  std::string render_name;
  std::string render_device;
};

struct ResourcesGPUCardMdev {
  std::string api;
  uint64_t available = 0;
  std::string name;
  std::string description;
  std::vector<std::string> devices;
};

struct ResourcesGPUCardNvidia {
  std::string cuda_version;
  std::string nvrm_version;
  std::string brand;
  std::string model;
  std::string uuid;
  std::string architecture;
  std::string card_name;
  std::string card_device;
};

struct ResourcesGPUCardSRIOV {
  uint64_t current_vfs = 0;
  uint64_t maximum_vfs = 0;
  std::vector<ResourcesGPUCard> vfs;
};

struct ResourcesGPUCard {
  std::string driver;
  std::string driver_version;
  std::optional<ResourcesGPUCardDRM> drm;
  std::optional<ResourcesGPUCardSRIOV> sriov;
  std::optional<ResourcesGPUCardNvidia> nvidia;
  std::map<std::string, ResourcesGPUCardMdev> mdev;
  uint64_t numa_node = 0;
  std::string pci_address;
  std::string vendor;
  std::string vendor_id;
  std::string product;
  std::string product_id;
  std::string usb_address;
};

struct ResourcesGPU {
  std::vector<ResourcesGPUCard> cards;
  uint64_t total = 0;
};

struct ResourcesLoad {
  double average1_min = 0;
  double average5_min = 0;
  double average10_min = 0;
  int64_t processes = 0;
};

struct ResourcesMemoryNode {
  uint64_t numa_node = 0;
  uint64_t hugepages_used = 0;
  uint64_t hugepages_total = 0;
  uint64_t used = 0;
  uint64_t total = 0;
};

struct ResourcesMemory {
  std::vector<ResourcesMemoryNode> nodes;
  uint64_t hugepages_total = 0;
  uint64_t hugepages_used = 0;
  uint64_t hugepages_size = 0;
  uint64_t used = 0;
  uint64_t total = 0;
};

struct ResourcesNetworkCardPortInfiniband {
  std::string issm_name;
  std::string issm_device;
  std::string mad_name;
  std::string mad_device;
  std::string verb_name;
  std::string verb_device;
};

struct ResourcesNetworkCardPort {
  std::string id;
  std::string address;
  uint64_t port = 0;
  std::string protocol;
  std::vector<std::string> supported_modes;
  std::vector<std::string> supported_ports;
  std::string port_type;
  std::string transceiver_type;
  bool auto_negotiation = false;
  bool link_detected = false;
  uint64_t link_speed = 0;
  std::string link_duplex;
  std::optional<ResourcesNetworkCardPortInfiniband> infiniband;
};

struct ResourcesNetworkCardSRIOV {
  uint64_t current_vfs = 0;
  uint64_t maximum_vfs = 0;
  std::vector<ResourcesNetworkCard> vfs;
};

struct ResourcesNetworkCardVDPA {
  std::string name;
  std::string device;
};

struct ResourcesNetworkCard {
  std::string driver;
  std::string driver_version;
  std::vector<ResourcesNetworkCardPort> ports;
  std::optional<ResourcesNetworkCardSRIOV> sriov;
  std::optional<ResourcesNetworkCardVDPA> vdpa;
  uint64_t numa_node = 0;
  std::string pci_address;
  std::string vendor;
  std::string vendor_id;
  std::string product;
  std::string product_id;
  std::string firmware_version;
  std::string usb_address;
};

struct ResourcesNetwork {
  std::vector<ResourcesNetworkCard> cards;
  uint64_t total = 0;
};

struct ResourcesPCIVPD {
  std::string product_name;
  StringMap entries;
};

struct ResourcesPCIDevice {
  std::string driver;
  std::string driver_version;
  uint64_t numa_node = 0;
  std::string pci_address;
  std::string vendor;
  std::string vendor_id;
  std::string product;
  std::string product_id;
  uint64_t iommu_group = 0;
  ResourcesPCIVPD vpd;
};

struct ResourcesPCI {
  std::vector<ResourcesPCIDevice> devices;
  uint64_t total = 0;
};

struct ResourcesSerialDevice {
  std::string id;
  std::string device;
  std::string device_id;
  std::string device_path;
  std::string driver;
  std::string vendor;
  std::string vendor_id;
  std::string product;
  std::string product_id;
};

struct ResourcesSerial {
  std::vector<ResourcesSerialDevice> devices;
  uint64_t total = 0;
};

struct ResourcesStorageDiskPartition {
  std::string id;
  std::string device;
  bool read_only = false;
  uint64_t size = 0;
  uint64_t partition = 0;
};

struct ResourcesStorageDisk {
  std::string id;
  std::string device;
  std::string model;
  std::string type;
  bool read_only = false;
  uint64_t size = 0;
  bool removable = false;
  std::string wwn;
  uint64_t numa_node = 0;
  std::string device_path;
  uint64_t block_size = 0;
  std::string firmware_version;
  uint64_t rpm = 0;
  std::string serial;
  std::string device_id;
  std::vector<ResourcesStorageDiskPartition> partitions;
  std::string pci_address;
  std::string usb_address;
};

struct ResourcesStorage {
  std::vector<ResourcesStorageDisk> disks;
  uint64_t total = 0;
};

struct ResourcesSystemChassis {
  std::string vendor;
  std::string type;
  std::string serial;
  std::string version;
};

struct ResourcesSystemFirmware {
  std::string vendor;
  std::string date;
  std::string version;
};

struct ResourcesSystemMotherboard {
  std::string vendor;
  std::string product;
  std::string serial;
  std::string version;
};

struct ResourcesSystem {
  std::string uuid;
  std::string vendor;
  std::string product;
  std::string family;
  std::string version;
  std::string sku;
  std::string serial;
  std::string type;
  std::optional<ResourcesSystemFirmware> firmware;
  std::optional<ResourcesSystemChassis> chassis;
  std::optional<ResourcesSystemMotherboard> motherboard;
};

struct ResourcesUSBDeviceInterface {
  std::string class_;
  uint64_t class_id = 0;
  std::string driver;
  std::string driver_version;
  uint64_t number = 0;
  std::string subclass;
  uint64_t subclass_id = 0;
};

struct ResourcesUSBDevice {
  uint64_t bus_address = 0;
  uint64_t device_address = 0;
  std::string serial;
  std::vector<ResourcesUSBDeviceInterface> interfaces;
  std::string vendor;
  std::string vendor_id;
  std::string product;
  std::string product_id;
  double speed = 0;
};

struct ResourcesUSB {
  std::vector<ResourcesUSBDevice> devices;
  uint64_t total = 0;
};

struct Resources {
  ResourcesCPU cpu;
  ResourcesMemory memory;
  ResourcesGPU gpu;
  ResourcesNetwork network;
  ResourcesStorage storage;
  ResourcesUSB usb;
  ResourcesPCI pci;
  ResourcesSystem system;
  ResourcesLoad load;
  ResourcesSerial serial;
};

struct ResourcesStoragePoolInodes {
  uint64_t used = 0;
  uint64_t total = 0;
};

struct ResourcesStoragePoolSpace {
  uint64_t used = 0;
  uint64_t total = 0;
};

struct ResourcesStoragePool {
  ResourcesStoragePoolSpace space;
  ResourcesStoragePoolInodes inodes;
};

API_DECLARE(ResourcesCPUAddressSizes)
API_DECLARE(ResourcesCPUCache)
API_DECLARE(ResourcesCPUThread)
API_DECLARE(ResourcesCPUCore)
API_DECLARE(ResourcesCPUSocket)
API_DECLARE(ResourcesCPU)
API_DECLARE(ResourcesGPUCardDRM)
API_DECLARE(ResourcesGPUCardMdev)
API_DECLARE(ResourcesGPUCardNvidia)
API_DECLARE(ResourcesGPUCardSRIOV)
API_DECLARE(ResourcesGPUCard)
API_DECLARE(ResourcesGPU)
API_DECLARE(ResourcesLoad)
API_DECLARE(ResourcesMemoryNode)
API_DECLARE(ResourcesMemory)
API_DECLARE(ResourcesNetworkCardPortInfiniband)
API_DECLARE(ResourcesNetworkCardPort)
API_DECLARE(ResourcesNetworkCardSRIOV)
API_DECLARE(ResourcesNetworkCardVDPA)
API_DECLARE(ResourcesNetworkCard)
API_DECLARE(ResourcesNetwork)
API_DECLARE(ResourcesPCIVPD)
API_DECLARE(ResourcesPCIDevice)
API_DECLARE(ResourcesPCI)
API_DECLARE(ResourcesSerialDevice)
API_DECLARE(ResourcesSerial)
API_DECLARE(ResourcesStorageDiskPartition)
API_DECLARE(ResourcesStorageDisk)
API_DECLARE(ResourcesStorage)
API_DECLARE(ResourcesSystemChassis)
API_DECLARE(ResourcesSystemFirmware)
API_DECLARE(ResourcesSystemMotherboard)
API_DECLARE(ResourcesSystem)
API_DECLARE(ResourcesUSBDeviceInterface)
API_DECLARE(ResourcesUSBDevice)
API_DECLARE(ResourcesUSB)
API_DECLARE(Resources)
API_DECLARE(ResourcesStoragePoolInodes)
API_DECLARE(ResourcesStoragePoolSpace)
API_DECLARE(ResourcesStoragePool)

}  // namespace api
