/** Families and versions of user agents. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAgentParser } from '../../src/enrich/agent.ts'

const agentOf = createAgentParser(100)

test.each([
  ['curl/8.5.0', 'curl', '8.5'],
  ['python-requests/2.31.0', 'python-requests', '2.31'],
  ['aws-sdk-go/1.44.157 (go1.19.3; linux; amd64)', 'aws-sdk-go', '1.44'],
  ['Boto3/1.26.165 Python/3.10.6 Linux/5.19.0', 'Boto3', '1.26'],
  ['okhttp/4.9.3', 'okhttp', '4.9'],
  ['axios/1.4.0', 'axios', '1.4'],
  ['Go-http-client/1.1', 'Go-http-client', '1.1'],
  ['PostmanRuntime/7.32.3', 'PostmanRuntime', '7.32'],
  ['APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) aws-sdk-go/1.44.157', 'Terraform', '1.1'],
  ['S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488', 'S3Console', '0.4'],
  ['kubectl/v1.29.0 (linux/amd64)', 'kubectl', '1.29'],
  ['Slackbot 1.0 (+https://api.slack.com/robots)', 'Slackbot', '1.0'],
  ['My Agent/2.1', 'My Agent', '2.1'],
  ['AWS Internal', 'AWS Internal', ''],
  ['ec2.amazonaws.com', 'ec2.amazonaws.com', ''],
  ['terraform-provider/dev', 'terraform-provider', ''],
  ['a|b/1', 'a¦b', '1'],
  ['(unknown)', '(unknown)', ''],
  ['', '', ''],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.199 Safari/537.36',
    'Chrome',
    '114.0',
  ],
  ['Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0', 'Firefox', '102.0'],
  ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Googlebot', '2.1'],
  ['Mozilla/5.0', 'Mozilla', '5.0'],
])('%s is %s %s.', (userAgent, agent, agentVersion) => {
  expect(agentOf(userAgent)).toEqual({ agent, agentVersion })
})

test('A patch release is no news.', () => {
  expect(agentOf('curl/8.5.0')).toEqual(agentOf('curl/8.5.1'))
})

test('Any text gives a bounded family without separators, the same whether remembered or not.', () => {
  const small = createAgentParser(1)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 512 }),
        fc.string().map((text) => `Mozilla/5.0 (${text})`),
      ),
      (text) => {
        const { agent, agentVersion } = agentOf(text)
        expect(agent.length).toBeLessThanOrEqual(64)
        expect(agent).not.toContain('|')
        expect(agentVersion).toMatch(/^(\d+(\.\d+)?)?$/)
        small('another')
        expect(small(text)).toEqual({ agent, agentVersion })
      },
    ),
  )
})
