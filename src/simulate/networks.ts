/** Public address space that simulated clients call from: real networks, for documentation ranges have no geography. */
import type { Random } from './random.ts'

/**
 * A few /24s (or /48s) of one network in one city. Country and city are what geoip-lite 2.0.3 places there and the AS
 * number is what announced them in 2026; a test holds the first two. The choice says nothing about who uses them.
 */
export interface Network {
  readonly asn: number
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  /** '' where geoip-lite knows the country only. */
  readonly city: string
  /** The first three octets of each /24, or the first three groups of each /48. */
  readonly prefixes: readonly string[]
}

export const NETWORKS = {
  awsVirginia: network(
    14618,
    'US',
    'Ashburn',
    '3.92.106 3.229.63 18.234.20 34.226.216 35.172.173 44.213.133 52.55.80 54.152.102 54.221.149 107.22.171',
  ),
  awsFrankfurt: network(
    16509,
    'DE',
    'Frankfurt am Main',
    '3.121.75 3.123.228 3.126.125 18.184.23 18.194.179 18.197.76 35.157.233 52.28.117 52.57.241 54.93.63',
  ),
  awsDublin: network(
    16509,
    'IE',
    'Dublin',
    '3.250.233 34.243.128 46.51.141 52.31.210 52.215.161 54.195.8 79.125.26 108.135.222',
  ),
  azureVirginia: network(
    8075,
    'US',
    'Washington',
    '13.82.138 13.104.4 23.96.77 40.71.142 40.88.78 40.117.210 52.146.119 52.154.115 52.179.85 52.190.83 52.226.153 52.255.254 137.135.91 173.200.157',
  ),
  azureCalifornia: network(
    8075,
    'US',
    'San Jose',
    '13.83.148 13.93.192 40.75.199 52.137.255 52.225.73 52.248.233 104.45.246 128.85.20 138.91.133 157.95.211',
  ),
  azureAmsterdam: network(
    8075,
    'NL',
    'Amsterdam',
    '13.80.97 13.94.167 40.67.221 40.108.230 51.105.167 51.144.54 52.142.214 52.166.165 52.232.115 84.81.135 104.146.202 168.63.27',
  ),
  googleCalifornia: network(
    396982,
    'US',
    'Mountain View',
    '35.185.241 35.190.46 35.199.108 35.223.51 35.233.186 35.236.195 35.245.180 104.196.245 130.211.40 130.211.150 146.148.4 146.148.115',
  ),
  hetznerNuremberg: network(24940, 'DE', 'Nuremberg', '85.10.201 88.198.5 88.198.25 88.198.53 213.133.103 213.239.206'),
  ovhRoubaix: network(16276, 'FR', 'Roubaix', '151.80.25 151.80.71 151.80.122 151.80.166 151.80.224 167.114.237'),
  digitalOceanAmsterdam: network(
    14061,
    'NL',
    'Amsterdam',
    '82.196.4 134.209.197 167.71.11 178.62.207 188.166.84 188.226.229',
  ),
  vultrTokyo: network(20473, 'JP', 'Shinagawa', '139.180.195 167.179.76 167.179.89 207.148.89'),
  m247Bucharest: network(9009, 'RO', 'Bucharest', '81.180.228 88.218.1 91.90.122 185.195.19 193.187.150'),
  coltLondon: network(8220, 'GB', 'London', '80.169.118 212.36.47 213.86.86'),
  coltFrankfurt: network(8220, 'DE', 'Frankfurt am Main', '78.143.9 78.143.45 217.110.224'),
  cogentNewYork: network(174, 'US', 'New York', '38.88.192 38.112.5 38.122.10'),
  lumenDenver: network(209, 'US', 'Denver', '65.114.247 75.166.63 204.132.218'),
  lumenSeattle: network(209, 'US', 'Seattle', '63.234.19 71.212.38 97.113.252'),
  comcastChicago: network(7922, 'US', 'Chicago', '50.193.116 50.247.138 71.239.115 73.75.225 96.68.26 98.228.45'),
  telekomMunich: network(3320, 'DE', 'Munich', '79.207.129 80.153.103 87.167.124 93.211.204 195.243.133'),
  btBristol: network(2856, 'GB', 'Bristol', '81.144.216 86.138.107 95.148.152 195.99.162'),
  orangeParis: network(3215, 'FR', 'Paris', '81.255.227 90.44.196 90.87.252 193.248.254 194.250.82 212.234.125'),
  telefonicaMadrid: network(3352, 'ES', 'Madrid', '79.144.175 83.35.2 88.23.6 195.53.232 212.170.182'),
  kddiTokyo: network(2516, 'JP', 'Tokyo', '59.138.126 106.184.21 175.134.109 210.199.188 211.10.227'),
  rogersToronto: network(812, 'CA', 'Toronto', '24.137.207 99.224.140 99.237.228 99.252.7 207.107.158'),
  kpnAmsterdam: network(1136, 'NL', 'Amsterdam', '62.25.59 77.166.123 86.88.115 188.202.230 213.10.8'),
  teliaStockholm: network(3301, 'SE', 'Stockholm', '62.20.227 92.254.142 194.71.244 212.28.221'),
  tmobileUs: network(
    21928,
    'US',
    '',
    '23.18.226 68.31.182 100.128.105 100.140.197 100.153.33 100.165.125 100.177.217 100.190.53 100.202.145 100.214.237 100.227.73 100.239.165 100.252.1 162.168.80 162.180.172 167.20.37 168.73.233 172.36.187 172.49.23 172.62.90',
  ),
  verizonUs: network(
    6167,
    'US',
    '',
    '72.108.203 75.203.188 75.223.21 75.236.251 75.250.48 97.143.41 97.158.75 97.181.179 97.208.136 97.233.240 155.146.81 166.155.61 166.180.46 166.241.182 174.204.41 174.218.197 174.231.180 174.239.125 174.245.183 174.252.105',
  ),
  o2Hamburg: network(
    6805,
    'DE',
    'Hamburg',
    '77.0.21 77.3.219 77.10.93 77.186.149 78.50.209 85.176.70 95.112.35 213.39.145',
  ),
  o2Berlin: network(
    6805,
    'DE',
    'Berlin',
    '77.11.40 77.14.14 77.191.80 78.54.172 80.171.182 85.180.180 89.14.62 213.39.162',
  ),
  vodafoneUk: network(
    25135,
    'GB',
    '',
    '85.255.237 88.82.9 88.82.19 88.82.29 89.104.55 148.252.137 148.252.147 148.252.157 148.252.167 148.252.177 148.252.187 194.62.238 212.183.137 212.183.155',
  ),
  jioDelhi: network(
    55836,
    'IN',
    'New Delhi',
    '47.30.150 132.154.75 132.154.114 139.167.13 139.167.48 139.167.67 139.167.105 139.167.131 139.167.158 139.167.176 139.167.194 139.167.212 139.167.238 157.36.208',
  ),
  rostelecomMoscow: network(12389, 'RU', 'Moscow', '79.135.230 90.154.30 95.167.39 188.254.108'),
  viettelHoChiMinh: network(7552, 'VN', 'Ho Chi Minh City', '27.78.246 116.106.12 116.109.176 171.244.106'),
  mtnLagos: network(29465, 'NG', 'Lagos', '197.210.9 197.210.43 197.210.60 197.210.171'),
  claroSaoPaulo: network(28573, 'BR', 'São Paulo', '177.140.224 187.38.146 191.181.197 201.52.149'),
  turkTelekomIstanbul: network(9121, 'TR', 'Istanbul', '78.166.9 78.190.202 88.233.53 95.12.176'),
  comcastSanJoseV6: network(7922, 'US', 'San Jose', '2601:646:8080'),
  awsVirginiaV6: network(14618, 'US', 'Ashburn', '2600:1f18:4a3'),
  vodafoneBerlinV6: network(3209, 'DE', 'Berlin', '2a02:8109:9a40'),
} as const

function network(asn: number, country: string, city: string, prefixes: string): Network {
  return { asn, country, city, prefixes: prefixes.split(' ') }
}

/** Any address of the network, out of its first `prefixesMax` prefixes. */
export function anyAddress(random: Random, network: Network, prefixesMax = network.prefixes.length): string {
  return addressIn(random, network.prefixes[random.int(Math.min(prefixesMax, network.prefixes.length))] as string)
}

/** Any host in a /24, or any interface identifier in the first /64 of a /48. */
export function addressIn(random: Random, prefix: string): string {
  return prefix.includes(':') ? privacyAddress(random, `${prefix}:0`) : `${prefix}.${1 + random.int(254)}`
}

/** A temporary IPv6 address (RFC 8981) in a /64 that is given by its first four groups. */
export function privacyAddress(random: Random, subnet: string): string {
  const group = () => (1 + random.int(0xffff)).toString(16)
  return `${subnet}:${group()}:${group()}:${group()}:${group()}`
}
