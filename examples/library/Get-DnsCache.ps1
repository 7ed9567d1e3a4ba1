<#
.SYNOPSIS
    Lists the DNS client cache.

.DESCRIPTION
    For a live response session: shows which names a machine has looked up lately. Changes nothing.

.PARAMETER Name
    Only names like this pattern, for example *.example.com.

.EXAMPLE
    run Get-DnsCache.ps1 -parameters "-Name *.example.com"
#>
[CmdletBinding()]
param(
    [string] $Name = '*'
)

Get-DnsClientCache |
    Where-Object { $_.Entry -like $Name } |
    Sort-Object -Property TimeToLive -Descending |
    Select-Object -Property Entry, RecordType, Status, TimeToLive, Data |
    ConvertTo-Json -Depth 3
