#include "api/types/resource.h"

#include "api/codec.h"

namespace api {

API_TYPE(ResourcesCPUAddressSizes) {
  return fields<ResourcesCPUAddressSizes>(
      field<&ResourcesCPUAddressSizes::physical_bits>("physical_bits"),
      field<&ResourcesCPUAddressSizes::virtual_bits>("virtual_bits"));
}

API_TYPE(ResourcesCPUCache) {
  return fields<ResourcesCPUCache>(
      field<&ResourcesCPUCache::level>("level"),
      field<&ResourcesCPUCache::type>("type"),
      field<&ResourcesCPUCache::size>("size"));
}

API_TYPE(ResourcesCPUThread) {
  return fields<ResourcesCPUThread>(
      field<&ResourcesCPUThread::id>("id"),
      field<&ResourcesCPUThread::numa_node>("numa_node"),
      field<&ResourcesCPUThread::thread>("thread"),
      field<&ResourcesCPUThread::online>("online"),
      field<&ResourcesCPUThread::isolated>("isolated"));
}

API_TYPE(ResourcesCPUCore) {
  return fields<ResourcesCPUCore>(
      field<&ResourcesCPUCore::core>("core"),
      field<&ResourcesCPUCore::cluster>("cluster"),
      field<&ResourcesCPUCore::die>("die"),
      field<&ResourcesCPUCore::threads>("threads"),
      field<&ResourcesCPUCore::frequency>("frequency", kOmitEmpty),
      field<&ResourcesCPUCore::flags>("flags"));
}

API_TYPE(ResourcesCPUSocket) {
  return fields<ResourcesCPUSocket>(
      field<&ResourcesCPUSocket::name>("name", kOmitEmpty),
      field<&ResourcesCPUSocket::vendor>("vendor", kOmitEmpty),
      field<&ResourcesCPUSocket::socket>("socket"),
      field<&ResourcesCPUSocket::cache>("cache", kOmitEmpty),
      field<&ResourcesCPUSocket::cores>("cores"),
      field<&ResourcesCPUSocket::frequency>("frequency", kOmitEmpty),
      field<&ResourcesCPUSocket::frequency_minimum>("frequency_minimum", kOmitEmpty),
      field<&ResourcesCPUSocket::frequency_turbo>("frequency_turbo", kOmitEmpty),
      field<&ResourcesCPUSocket::address_sizes>("address_sizes", kOmitEmpty));
}

API_TYPE(ResourcesCPU) {
  return fields<ResourcesCPU>(
      field<&ResourcesCPU::architecture>("architecture"),
      field<&ResourcesCPU::sockets>("sockets"),
      field<&ResourcesCPU::total>("total"));
}

API_TYPE(ResourcesGPUCardDRM) {
  return fields<ResourcesGPUCardDRM>(
      field<&ResourcesGPUCardDRM::id>("id"),
      field<&ResourcesGPUCardDRM::card_name>("card_name"),
      field<&ResourcesGPUCardDRM::card_device>("card_device"),
      field<&ResourcesGPUCardDRM::control_name>("control_name", kOmitEmpty),
      field<&ResourcesGPUCardDRM::control_device>("control_device", kOmitEmpty),
      field<&ResourcesGPUCardDRM::render_name>("render_name", kOmitEmpty),
      field<&ResourcesGPUCardDRM::render_device>("render_device", kOmitEmpty));
}

API_TYPE(ResourcesGPUCardMdev) {
  return fields<ResourcesGPUCardMdev>(
      field<&ResourcesGPUCardMdev::api>("api"),
      field<&ResourcesGPUCardMdev::available>("available"),
      field<&ResourcesGPUCardMdev::name>("name", kOmitEmpty),
      field<&ResourcesGPUCardMdev::description>("description", kOmitEmpty),
      field<&ResourcesGPUCardMdev::devices>("devices"));
}

API_TYPE(ResourcesGPUCardNvidia) {
  return fields<ResourcesGPUCardNvidia>(
      field<&ResourcesGPUCardNvidia::cuda_version>("cuda_version", kOmitEmpty),
      field<&ResourcesGPUCardNvidia::nvrm_version>("nvrm_version", kOmitEmpty),
      field<&ResourcesGPUCardNvidia::brand>("brand"),
      field<&ResourcesGPUCardNvidia::model>("model"),
      field<&ResourcesGPUCardNvidia::uuid>("uuid", kOmitEmpty),
      field<&ResourcesGPUCardNvidia::architecture>("architecture", kOmitEmpty),
      field<&ResourcesGPUCardNvidia::card_name>("card_name"),
      field<&ResourcesGPUCardNvidia::card_device>("card_device"));
}

API_TYPE(ResourcesGPUCardSRIOV) {
  return fields<ResourcesGPUCardSRIOV>(
      field<&ResourcesGPUCardSRIOV::current_vfs>("current_vfs"),
      field<&ResourcesGPUCardSRIOV::maximum_vfs>("maximum_vfs"),
      field<&ResourcesGPUCardSRIOV::vfs>("vfs"));
}

API_TYPE(ResourcesGPUCard) {
  return fields<ResourcesGPUCard>(
      field<&ResourcesGPUCard::driver>("driver", kOmitEmpty),
      field<&ResourcesGPUCard::driver_version>("driver_version", kOmitEmpty),
      field<&ResourcesGPUCard::drm>("drm", kOmitEmpty),
      field<&ResourcesGPUCard::sriov>("sriov", kOmitEmpty),
      field<&ResourcesGPUCard::nvidia>("nvidia", kOmitEmpty),
      field<&ResourcesGPUCard::mdev>("mdev", kOmitEmpty),
      field<&ResourcesGPUCard::numa_node>("numa_node"),
      field<&ResourcesGPUCard::pci_address>("pci_address", kOmitEmpty),
      field<&ResourcesGPUCard::vendor>("vendor", kOmitEmpty),
      field<&ResourcesGPUCard::vendor_id>("vendor_id", kOmitEmpty),
      field<&ResourcesGPUCard::product>("product", kOmitEmpty),
      field<&ResourcesGPUCard::product_id>("product_id", kOmitEmpty),
      field<&ResourcesGPUCard::usb_address>("usb_address", kOmitEmpty));
}

API_TYPE(ResourcesGPU) {
  return fields<ResourcesGPU>(
      field<&ResourcesGPU::cards>("cards"),
      field<&ResourcesGPU::total>("total"));
}

API_TYPE(ResourcesLoad) {
  return fields<ResourcesLoad>(
      field<&ResourcesLoad::average1_min>("Average1Min"),
      field<&ResourcesLoad::average5_min>("Average5Min"),
      field<&ResourcesLoad::average10_min>("Average10Min"),
      field<&ResourcesLoad::processes>("Processes"));
}

API_TYPE(ResourcesMemoryNode) {
  return fields<ResourcesMemoryNode>(
      field<&ResourcesMemoryNode::numa_node>("numa_node"),
      field<&ResourcesMemoryNode::hugepages_used>("hugepages_used"),
      field<&ResourcesMemoryNode::hugepages_total>("hugepages_total"),
      field<&ResourcesMemoryNode::used>("used"),
      field<&ResourcesMemoryNode::total>("total"));
}

API_TYPE(ResourcesMemory) {
  return fields<ResourcesMemory>(
      field<&ResourcesMemory::nodes>("nodes", kOmitEmpty),
      field<&ResourcesMemory::hugepages_total>("hugepages_total"),
      field<&ResourcesMemory::hugepages_used>("hugepages_used"),
      field<&ResourcesMemory::hugepages_size>("hugepages_size"),
      field<&ResourcesMemory::used>("used"),
      field<&ResourcesMemory::total>("total"));
}

API_TYPE(ResourcesNetworkCardPortInfiniband) {
  return fields<ResourcesNetworkCardPortInfiniband>(
      field<&ResourcesNetworkCardPortInfiniband::issm_name>("issm_name", kOmitEmpty),
      field<&ResourcesNetworkCardPortInfiniband::issm_device>("issm_device", kOmitEmpty),
      field<&ResourcesNetworkCardPortInfiniband::mad_name>("mad_name", kOmitEmpty),
      field<&ResourcesNetworkCardPortInfiniband::mad_device>("mad_device", kOmitEmpty),
      field<&ResourcesNetworkCardPortInfiniband::verb_name>("verb_name", kOmitEmpty),
      field<&ResourcesNetworkCardPortInfiniband::verb_device>("verb_device", kOmitEmpty));
}

API_TYPE(ResourcesNetworkCardPort) {
  return fields<ResourcesNetworkCardPort>(
      field<&ResourcesNetworkCardPort::id>("id"),
      field<&ResourcesNetworkCardPort::address>("address", kOmitEmpty),
      field<&ResourcesNetworkCardPort::port>("port"),
      field<&ResourcesNetworkCardPort::protocol>("protocol"),
      field<&ResourcesNetworkCardPort::supported_modes>("supported_modes", kOmitEmpty),
      field<&ResourcesNetworkCardPort::supported_ports>("supported_ports", kOmitEmpty),
      field<&ResourcesNetworkCardPort::port_type>("port_type", kOmitEmpty),
      field<&ResourcesNetworkCardPort::transceiver_type>("transceiver_type", kOmitEmpty),
      field<&ResourcesNetworkCardPort::auto_negotiation>("auto_negotiation"),
      field<&ResourcesNetworkCardPort::link_detected>("link_detected"),
      field<&ResourcesNetworkCardPort::link_speed>("link_speed", kOmitEmpty),
      field<&ResourcesNetworkCardPort::link_duplex>("link_duplex", kOmitEmpty),
      field<&ResourcesNetworkCardPort::infiniband>("infiniband", kOmitEmpty));
}

API_TYPE(ResourcesNetworkCardSRIOV) {
  return fields<ResourcesNetworkCardSRIOV>(
      field<&ResourcesNetworkCardSRIOV::current_vfs>("current_vfs"),
      field<&ResourcesNetworkCardSRIOV::maximum_vfs>("maximum_vfs"),
      field<&ResourcesNetworkCardSRIOV::vfs>("vfs"));
}

API_TYPE(ResourcesNetworkCardVDPA) {
  return fields<ResourcesNetworkCardVDPA>(
      field<&ResourcesNetworkCardVDPA::name>("name"),
      field<&ResourcesNetworkCardVDPA::device>("device"));
}

API_TYPE(ResourcesNetworkCard) {
  return fields<ResourcesNetworkCard>(
      field<&ResourcesNetworkCard::driver>("driver", kOmitEmpty),
      field<&ResourcesNetworkCard::driver_version>("driver_version", kOmitEmpty),
      field<&ResourcesNetworkCard::ports>("ports", kOmitEmpty),
      field<&ResourcesNetworkCard::sriov>("sriov", kOmitEmpty),
      field<&ResourcesNetworkCard::vdpa>("vdpa", kOmitEmpty),
      field<&ResourcesNetworkCard::numa_node>("numa_node"),
      field<&ResourcesNetworkCard::pci_address>("pci_address", kOmitEmpty),
      field<&ResourcesNetworkCard::vendor>("vendor", kOmitEmpty),
      field<&ResourcesNetworkCard::vendor_id>("vendor_id", kOmitEmpty),
      field<&ResourcesNetworkCard::product>("product", kOmitEmpty),
      field<&ResourcesNetworkCard::product_id>("product_id", kOmitEmpty),
      field<&ResourcesNetworkCard::firmware_version>("firmware_version", kOmitEmpty),
      field<&ResourcesNetworkCard::usb_address>("usb_address", kOmitEmpty));
}

API_TYPE(ResourcesNetwork) {
  return fields<ResourcesNetwork>(
      field<&ResourcesNetwork::cards>("cards"),
      field<&ResourcesNetwork::total>("total"));
}

API_TYPE(ResourcesPCIVPD) {
  return fields<ResourcesPCIVPD>(
      field<&ResourcesPCIVPD::product_name>("product_name", kOmitEmpty),
      field<&ResourcesPCIVPD::entries>("entries", kOmitEmpty));
}

API_TYPE(ResourcesPCIDevice) {
  return fields<ResourcesPCIDevice>(
      field<&ResourcesPCIDevice::driver>("driver"),
      field<&ResourcesPCIDevice::driver_version>("driver_version"),
      field<&ResourcesPCIDevice::numa_node>("numa_node"),
      field<&ResourcesPCIDevice::pci_address>("pci_address"),
      field<&ResourcesPCIDevice::vendor>("vendor"),
      field<&ResourcesPCIDevice::vendor_id>("vendor_id"),
      field<&ResourcesPCIDevice::product>("product"),
      field<&ResourcesPCIDevice::product_id>("product_id"),
      field<&ResourcesPCIDevice::iommu_group>("iommu_group"),
      field<&ResourcesPCIDevice::vpd>("vpd"));
}

API_TYPE(ResourcesPCI) {
  return fields<ResourcesPCI>(
      field<&ResourcesPCI::devices>("devices"),
      field<&ResourcesPCI::total>("total"));
}

API_TYPE(ResourcesSerialDevice) {
  return fields<ResourcesSerialDevice>(
      field<&ResourcesSerialDevice::id>("id"),
      field<&ResourcesSerialDevice::device>("device"),
      field<&ResourcesSerialDevice::device_id>("device_id"),
      field<&ResourcesSerialDevice::device_path>("device_path"),
      field<&ResourcesSerialDevice::driver>("driver"),
      field<&ResourcesSerialDevice::vendor>("vendor"),
      field<&ResourcesSerialDevice::vendor_id>("vendor_id"),
      field<&ResourcesSerialDevice::product>("product"),
      field<&ResourcesSerialDevice::product_id>("product_id"));
}

API_TYPE(ResourcesSerial) {
  return fields<ResourcesSerial>(
      field<&ResourcesSerial::devices>("devices"),
      field<&ResourcesSerial::total>("total"));
}

API_TYPE(ResourcesStorageDiskPartition) {
  return fields<ResourcesStorageDiskPartition>(
      field<&ResourcesStorageDiskPartition::id>("id"),
      field<&ResourcesStorageDiskPartition::device>("device"),
      field<&ResourcesStorageDiskPartition::read_only>("read_only"),
      field<&ResourcesStorageDiskPartition::size>("size"),
      field<&ResourcesStorageDiskPartition::partition>("partition"));
}

API_TYPE(ResourcesStorageDisk) {
  return fields<ResourcesStorageDisk>(
      field<&ResourcesStorageDisk::id>("id"),
      field<&ResourcesStorageDisk::device>("device"),
      field<&ResourcesStorageDisk::model>("model", kOmitEmpty),
      field<&ResourcesStorageDisk::type>("type", kOmitEmpty),
      field<&ResourcesStorageDisk::read_only>("read_only"),
      field<&ResourcesStorageDisk::size>("size"),
      field<&ResourcesStorageDisk::removable>("removable"),
      field<&ResourcesStorageDisk::wwn>("wwn", kOmitEmpty),
      field<&ResourcesStorageDisk::numa_node>("numa_node"),
      field<&ResourcesStorageDisk::device_path>("device_path", kOmitEmpty),
      field<&ResourcesStorageDisk::block_size>("block_size"),
      field<&ResourcesStorageDisk::firmware_version>("firmware_version", kOmitEmpty),
      field<&ResourcesStorageDisk::rpm>("rpm"),
      field<&ResourcesStorageDisk::serial>("serial", kOmitEmpty),
      field<&ResourcesStorageDisk::device_id>("device_id"),
      field<&ResourcesStorageDisk::partitions>("partitions"),
      field<&ResourcesStorageDisk::pci_address>("pci_address", kOmitEmpty),
      field<&ResourcesStorageDisk::usb_address>("usb_address", kOmitEmpty));
}

API_TYPE(ResourcesStorage) {
  return fields<ResourcesStorage>(
      field<&ResourcesStorage::disks>("disks"),
      field<&ResourcesStorage::total>("total"));
}

API_TYPE(ResourcesSystemChassis) {
  return fields<ResourcesSystemChassis>(
      field<&ResourcesSystemChassis::vendor>("vendor"),
      field<&ResourcesSystemChassis::type>("type"),
      field<&ResourcesSystemChassis::serial>("serial"),
      field<&ResourcesSystemChassis::version>("version"));
}

API_TYPE(ResourcesSystemFirmware) {
  return fields<ResourcesSystemFirmware>(
      field<&ResourcesSystemFirmware::vendor>("vendor"),
      field<&ResourcesSystemFirmware::date>("date"),
      field<&ResourcesSystemFirmware::version>("version"));
}

API_TYPE(ResourcesSystemMotherboard) {
  return fields<ResourcesSystemMotherboard>(
      field<&ResourcesSystemMotherboard::vendor>("vendor"),
      field<&ResourcesSystemMotherboard::product>("product"),
      field<&ResourcesSystemMotherboard::serial>("serial"),
      field<&ResourcesSystemMotherboard::version>("version"));
}

API_TYPE(ResourcesSystem) {
  return fields<ResourcesSystem>(
      field<&ResourcesSystem::uuid>("uuid"),
      field<&ResourcesSystem::vendor>("vendor"),
      field<&ResourcesSystem::product>("product"),
      field<&ResourcesSystem::family>("family"),
      field<&ResourcesSystem::version>("version"),
      field<&ResourcesSystem::sku>("sku"),
      field<&ResourcesSystem::serial>("serial"),
      field<&ResourcesSystem::type>("type"),
      field<&ResourcesSystem::firmware>("firmware"),
      field<&ResourcesSystem::chassis>("chassis"),
      field<&ResourcesSystem::motherboard>("motherboard"));
}

API_TYPE(ResourcesUSBDeviceInterface) {
  return fields<ResourcesUSBDeviceInterface>(
      field<&ResourcesUSBDeviceInterface::class_>("class"),
      field<&ResourcesUSBDeviceInterface::class_id>("class_id"),
      field<&ResourcesUSBDeviceInterface::driver>("driver"),
      field<&ResourcesUSBDeviceInterface::driver_version>("driver_version"),
      field<&ResourcesUSBDeviceInterface::number>("number"),
      field<&ResourcesUSBDeviceInterface::subclass>("subclass"),
      field<&ResourcesUSBDeviceInterface::subclass_id>("subclass_id"));
}

API_TYPE(ResourcesUSBDevice) {
  return fields<ResourcesUSBDevice>(
      field<&ResourcesUSBDevice::bus_address>("bus_address"),
      field<&ResourcesUSBDevice::device_address>("device_address"),
      field<&ResourcesUSBDevice::serial>("serial"),
      field<&ResourcesUSBDevice::interfaces>("interfaces"),
      field<&ResourcesUSBDevice::vendor>("vendor"),
      field<&ResourcesUSBDevice::vendor_id>("vendor_id"),
      field<&ResourcesUSBDevice::product>("product"),
      field<&ResourcesUSBDevice::product_id>("product_id"),
      field<&ResourcesUSBDevice::speed>("speed"));
}

API_TYPE(ResourcesUSB) {
  return fields<ResourcesUSB>(
      field<&ResourcesUSB::devices>("devices"),
      field<&ResourcesUSB::total>("total"));
}

API_TYPE(Resources) {
  return fields<Resources>(
      field<&Resources::cpu>("cpu"),
      field<&Resources::memory>("memory"),
      field<&Resources::gpu>("gpu"),
      field<&Resources::network>("network"),
      field<&Resources::storage>("storage"),
      field<&Resources::usb>("usb"),
      field<&Resources::pci>("pci"),
      field<&Resources::system>("system"),
      field<&Resources::load>("load"),
      field<&Resources::serial>("serial"));
}

API_TYPE(ResourcesStoragePoolInodes) {
  return fields<ResourcesStoragePoolInodes>(
      field<&ResourcesStoragePoolInodes::used>("used"),
      field<&ResourcesStoragePoolInodes::total>("total"));
}

API_TYPE(ResourcesStoragePoolSpace) {
  return fields<ResourcesStoragePoolSpace>(
      field<&ResourcesStoragePoolSpace::used>("used", kOmitEmpty),
      field<&ResourcesStoragePoolSpace::total>("total"));
}

API_TYPE(ResourcesStoragePool) {
  return fields<ResourcesStoragePool>(
      field<&ResourcesStoragePool::space>("space"),
      field<&ResourcesStoragePool::inodes>("inodes"));
}

}  // namespace api
