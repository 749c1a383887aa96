# Texts of the console, English. Keys match pages.zh-CN.ftl, which a test checks.

## Frame
product = Normwatch
skip = Skip to content
nav-overview = Overview
nav-alerts = Alerts
nav-standards = Standards
nav-mails = Mail
other-language = 中文
nav-label = Main navigation
as-of = Data as of
ago = ({ $age } ago)
as-of-none = No data yet
disk-refuses = The disk refuses. Nothing is lost: messages wait at the broker until it takes them.
stale = The data is old: no newer readings have arrived for a while, so what you see may no longer hold.
catching-up = Still working through waiting data; results are not complete yet.
refused = The newest edit of register, packs, overlay or certificates is wrong and not in force; what was in force stays.
refused-more = { $n } more are in the log.
in-force = Register and standards in force:
live-lost = Connection to the service lost, trying again
footer-contract = What sensors publish (AsyncAPI)
footer = What is unknown is shown as unknown, never as free or zero.
missing-title = There is no such page
missing-text = The address may be out of date: only recent alerts and mails are kept.
missing-back = Back to the overview
yes = yes
no = no
none = none
unknown = unknown
more = Show all
list-comma = ,{" "}
window-register = from the register

## Ages
age-now = less than 1 min
age-minutes = { $n } min
age-hours = { $n } h
age-days = { $n } d

## Overview
overview-title = Overview
overview-firing = Firing alerts
overview-no-firing = Nothing is firing now.
overview-all-alerts = All alerts
sum-firing = firing
sum-pending = pending
sum-unproven = unproven
sum-rooms = rooms
sum-occupied = occupied
sum-free = free now
sum-unknown = unknown
sum-unwatched = without presence sensor
overview-buildings = Buildings
overview-no-places = The register has no places yet.
overview-exchange = Idle and scarce rooms
overview-exchange-text = Side by side, so that rooms can change hands. Rooms found by a clause come first; where these are few, a ranking by use in working hours of the last 7 days follows, marked as such.
overview-ranked = a ranking, not a finding
overview-times = { $n ->
    [one] { $n } alert in 7 days
   *[other] { $n } alerts in 7 days
}
overview-idle = To give: idle or too large
overview-scarce = To relieve: crowded or too full
overview-no-idle = No room is judged idle.
overview-no-scarce = No room is judged scarce.
overview-service = Service
overview-links = Links
overview-no-links = No link has reported yet.
overview-ledger = Message ledger
overview-ledger-text = Every message is counted once.
overview-ledger-off = The ledger does not add up to what was received.
overview-unknown-sensors = Sensors in no register
overview-unknown-text = { $n } publish but are not registered. Their data is judged once they are.
link-mqtt = MQTT broker
link-influx = Time-series server
link-smtp = Mail server
link-up = up
link-down = down
link-unset = not configured
link-backlog = { $n } waiting
ledger-received = received
ledger-stored = stored
ledger-duplicate = duplicate
ledger-ignored = ignored
ledger-quarantined = quarantined
ledger-rejected = rejected
ledger-pending = pending

## Columns
col-alert = Alert
col-severity = Severity
col-clause = Clause
col-place = Place
col-room = Room
col-building = Building
col-value = Value
col-limit = Limit
col-since = Since
col-state = State
col-area = Usable area
col-seats = Seats
col-use = Use
col-reason = Why
col-body = Body
col-rooms = Rooms
col-occupied = Occupied
col-free = Free now
col-unknown = Unknown
col-unwatched = No sensor
col-breach = Rooms alerting
col-idle = To give
col-crowded = Crowded
col-utilisation = Use, 7 days
col-measure = Measure
col-window = Window
col-coverage = Coverage
col-verdict = Verdict
col-sensor = Sensor
col-quantity = Quantity
col-reading = Reading
col-at = Time
col-flags = Quality marks
col-document = Document
col-title = Title
col-layer = Layer
col-binding = Binding
col-in-force = In force
col-clauses = Clauses
col-provenance = Source of limits
col-recipient = Recipient
col-subject = Subject

## Places
place-in = Location
place-rooms = Rooms now
place-no-rooms = No rooms are registered here.
place-below = Below
place-legend = Legend
legend-occupied = occupied
legend-free = free
legend-unknown = unknown (its sensors cannot say)
legend-unwatched = no sensor that could tell
legend-breach = alert firing
tile-people = { $n ->
    [one] { $n } person
   *[other] { $n } people
    }
tile-alerts = { $n ->
    [one] { $n } alert
   *[other] { $n } alerts
    }
tile-seats = { $n ->
    [one] { $n } seat
   *[other] { $n } seats
    }
tile-idle = to give
tile-crowded = crowded
fact-body = Held by
fact-area = Usable area
fact-floor-area = Floor area
fact-seats = Seats
fact-posts = Posts
fact-use = Use
fact-now = Now
fact-since = since { $at }
state-occupied = Occupied
state-free = Free
state-unwatched = No presence sensor
state-unknown = Unknown
charts-title = Curves
charts-none = There is nothing to draw.
charts-alt = Curve of { $quantity }
charts-newest = now { $value }
charts-no-newest = no current reading
charts-legend = How to read it
charts-limit = red dashes: limit
charts-gap = grey ground: nothing observed
charts-flag = cross: reading kept out of figures for its quality
charts-band = strip at the foot: blue occupied, pale green free, blank unknown
range-label = Span
range-day = 24 hours
range-week = 7 days
range-month = 31 days
figures-title = Figures
figures-none = No window has closed yet.
verdicts-title = Verdicts
verdicts-none = Nothing has been judged yet.
place-alerts = Alerts
place-no-alerts = No alerts.
sensors-title = Sensors
sensors-none = No sensor is bound here, or none has reported.
sensor-silent = silent
no-evidence = no evidence

## Alerts
alerts-title = Alerts
alerts-none = No alerts in this state.
alerts-hidden = { $n } more; the API at /api/v1/alerts lists them.
alerts-filter = Filter by state
tab-firing = Firing
tab-pending = Pending
tab-resolved = Resolved
tab-withdrawn = Withdrawn
tab-all = All
alert-state-firing = firing
alert-state-pending = pending
alert-state-resolved = resolved
alert-state-withdrawn = withdrawn
alert-suspicion = suspicion
alert-acknowledged = acknowledged
alert-unproven = unproven
alert-waived = waived
alert-what = What happened
alert-measured = Measured
alert-limit = Limit
alert-clear = Clears at
alert-clear-text = resolves only at { $limit }
alert-where = Where
alert-since = Since
alert-resolved-at = Resolved
alert-window = Judged window
alert-coverage = Coverage
alert-coverage-text = { $share } of the judged time was observed (the clause asks for { $least })
alert-evidence = Evidence
alert-firm = Firm: the measured value decides
alert-hint = Suspicion: the sensor can only hint at it; check on site
alert-basis = By which rule
alert-document = Document
alert-clause = Clause
alert-citation = Where in it
alert-provenance = Source of the limit
alert-hold = Must last
alert-why = How it was judged
alert-why-none = Nothing more was recorded.
alert-timeline = Timeline
step-started = First breaching window began
step-fired = Alert fired
step-judged = Judged last
step-resolved = Sensors proved it over
alert-todo = What to do
alert-todo-none = The clause gives no advice.
alert-next = It resolves only when sensors prove it over; a silent sensor never clears it.
alert-withdrawn-text = The register or the standards have changed and this is not judged any more. Nothing has proven it over.
alert-unproven-text = It still stands, but nothing has proven so lately. Check the sensor.
alert-waived-text = Waived because
alert-chart = Around the breach
alert-mails = Mails about it
alert-print = Print
alert-judged-last = judged last: { $window }
alert-revision = revision { $n }

## Standards
standards-title = Standards
standards-text = Each limit names its document, the clause, and how well it was checked.
standards-none = No standard is loaded.
standards-not-used = not in use
standards-not-in-force = not in force now
standards-date-unconfirmed = date not confirmed
standards-until = until { $date } (excluded)
standards-unverified = { $n } unverified, raise no alert
pack-edition = Edition
pack-supersedes = supersedes { $id }
pack-note = Note
pack-clauses = Clauses
pack-none = This pack has no clauses.
clause-unverified = Unverified: raises no alert
clause-accepted = Unverified, accepted by the operator
clause-applies = Applies to
clause-measure = Judged on
clause-gate = Judged while
clause-season = Season
clause-coverage = Least coverage
clause-ratings = Ratings
clause-baseline = baseline { $value }
clause-guide = guide { $value }
clause-now = Now
clause-now-text = judged at { $judged }, breached at { $breaches }
clause-not-in-use = not chosen: not judged
clause-moved = Limit moved
clause-moved-by = moved by the operator, after “{ $citation }”
clause-curve = The limit glides with the register ({ $unit }), straight between the points
clause-table = Table of limits ({ $unit })
by-level = Level
by-rank = Rank
by-use = Use
by-climate_zone = Climate zone
by-building_type = Building type
by-building_class = Building class
by-quota_zone = Quota zone
by-authorised_headcount = Authorised headcount
by-energy_headcount = Energy-using headcount
by-capacity = Capacity (seats, parking spaces)
by-floor_area = Building area

## Mails
mails-title = Mail
mails-none = No mail yet.
mails-sent = { $n ->
    [one] { $n } mail sent so far.
   *[other] { $n } mails sent so far.
    }
mails-hidden = The newest { $n } are listed; the API at /api/v1/mails lists more.
mail-state-queued = queued
mail-state-sent = sent
mail-state-failed = failed
mail-attempts = { $n ->
    [one] { $n } attempt
   *[other] { $n } attempts
    }
mail-alerts = Alerts told
mail-look = As the recipient sees it
mail-forgotten = Its words are no longer kept.
mail-text = Text
mail-error = Error

## Closed list: kind
kind-site = Site
kind-building = Building
kind-floor = Floor
kind-room = Room
kind-body = Body

## Closed list: use
use-office = office
use-single_office = single office
use-open_office = open office
use-meeting = meeting room
use-reception = reception
use-corridor = corridor
use-lobby = lobby
use-service = service room
use-archive = archive
use-print = print room
use-storage = storage
use-pantry = pantry
use-canteen = canteen
use-toilet = toilet
use-equipment = equipment room
use-data_centre = data centre
use-garage = garage
use-residence = residence
use-other = other

## Closed list: severity
severity-info = Info
severity-warning = Warning
severity-critical = Critical

## Closed list: provenance
provenance-official = official text
provenance-two_sources = two sources
provenance-one_source = one source
provenance-derived = derived
provenance-policy = operator threshold, not of a standard
provenance-unverified = unverified

## Closed list: evidence
evidence-firm = firm
evidence-suspicion = suspicion

## Closed list: outcome
outcome-compliant = Compliant
outcome-breach = Breach
outcome-insufficient = Not enough evidence

## Closed list: rating
rating-guide = meets guide value
rating-baseline = meets baseline
rating-constraint = meets constraint
rating-above_constraint = above constraint

## Closed list: layer
layer-national = National
layer-ministry = Ministry
layer-province = Province
layer-city = City
layer-agency = Agency

## Closed list: binding
binding-mandatory = Mandatory
binding-recommended = Recommended

## Closed list: period
period-hour = hour
period-day = day
period-week = week
period-month = month
period-year = year
period-all = all of time
period-register = register

## Closed list: gate
gate-occupied = somebody is there
gate-cooling = cooling runs
gate-heating = heating runs
gate-working = it is working time

## Closed list: season
season-cooling = cooling season
season-heating = heating season

## Closed list: flag
flag-range = out of range
flag-sentinel = stand-in value
flag-future = in the future
flag-stuck = stuck
flag-spike = spike
flag-late = late
flag-duplicate = duplicate
flag-clock = clock unusable
flag-too_late = too late
flag-estimated = estimated
flag-backfill = from a file

## Closed list: quantity
quantity-occupied = presence
quantity-motion = motion
quantity-motion_count = motion count
quantity-people_count = people
quantity-people_in = people in
quantity-people_out = people out
quantity-people_in_total = people in, total
quantity-people_out_total = people out, total
quantity-occupancy_rate = occupancy rate
quantity-temperature = temperature
quantity-humidity = relative humidity
quantity-co2 = CO₂
quantity-illuminance = illuminance
quantity-sound_level = sound level
quantity-pressure = pressure
quantity-pm2_5 = PM2.5
quantity-pm10 = PM10
quantity-tvoc = TVOC
quantity-power = power
quantity-energy_import = energy imported
quantity-energy_export = energy exported
quantity-energy = energy
quantity-reactive_power = reactive power
quantity-apparent_power = apparent power
quantity-power_factor = power factor
quantity-voltage = voltage
quantity-current = current
quantity-frequency = frequency
quantity-water = water meter
quantity-gas = gas meter
quantity-heat = heat meter
quantity-water_used = water used
quantity-gas_used = gas used
quantity-heat_used = heat used
quantity-battery_level = battery level
quantity-battery_voltage = battery voltage
quantity-signal = signal strength
quantity-snr = signal to noise
quantity-setpoint = set point
quantity-outdoor_temperature = outdoor temperature
quantity-outdoor_co2 = outdoor CO₂
quantity-window_open = window open
quantity-cooling_on = cooling on
quantity-heating_on = heating on

## Closed list: measure
measure-utilisation = Utilisation
measure-seat_utilisation = Seat utilisation
measure-space_utilisation = Space utilisation
measure-peak_people = Peak people
measure-idle_working_days = Idle working days
measure-area_per_person = Area per person
measure-private_office_area = Office area per post
measure-service_area = Service area per head
measure-co2_hour_mean = CO₂, hourly mean
measure-co2_day_mean = CO₂, daily mean
measure-temperature_hour_mean = Temperature, hourly mean
measure-humidity_hour_mean = Humidity, hourly mean
measure-illuminance = Illuminance
measure-lighting_power_density = Lighting power density
measure-electricity = Electricity
measure-gas = Gas
measure-heat = Heat
measure-water = Water
measure-eui = Energy use intensity
measure-eui_corrected = Energy use intensity, corrected
measure-energy_per_person = Energy per person
measure-water_per_person = Water per person
measure-energy_while_empty = Energy while empty
measure-night_ratio = Night ratio
measure-rest_day_ratio = Rest-day ratio
measure-weather_regularity = Weather regularity
measure-effective_users = Effective users
measure-room_area = Room area
measure-area_per_post = Area per post
measure-area_per_fte = Office area per person
measure-canteen_area = Canteen area
measure-garage_area = Garage area
measure-equipment_share = Share of equipment rooms
measure-usable_share = Usable share of the building
measure-vacated_days = Days since the last post left
measure-setpoint_hour_mean = Set-point, hourly mean
measure-pm2_5_day_mean = PM2.5, daily mean
measure-pm10_day_mean = PM10, daily mean
measure-tvoc_day_mean = TVOC, daily mean
measure-temperature_outside = Time outside the temperature band
measure-humidity_outside = Time outside the humidity band
measure-co2_above_outdoor = CO₂ above outdoors
measure-running_mean_outdoor = Outdoor temperature, running mean
measure-energy_use_effectiveness = Energy use effectiveness
measure-absence = Sensor silent
measure-stuck = Value stuck
measure-window_open = Window open
measure-cooling_on = Cooling on
measure-heating_on = Heating on

## Closed list: word
word-central = central
word-provincial = provincial
word-city = city
word-county = county
word-township = township
word-minister = minister
word-vice_minister = vice minister
word-director_general = director general
word-deputy_director_general = deputy director general
word-division = division
word-below_division = below division
word-governor = governor
word-vice_governor = vice governor
word-department_head = department head
word-department_deputy = department deputy
word-division_head = division head
word-division_deputy = division deputy
word-mayor = mayor
word-vice_mayor = vice mayor
word-bureau_head = bureau head
word-bureau_deputy = bureau deputy
word-below_bureau = below bureau
word-county_head = county head
word-county_deputy = county deputy
word-section_head = section head
word-section_deputy = section deputy
word-below_section = below section
word-township_head = township head
word-township_deputy = township deputy
word-township_other = other township posts
word-severe_cold = severe cold
word-cold = cold
word-hot_summer_cold_winter = hot summer, cold winter
word-hot_summer_warm_winter = hot summer, warm winter
word-temperate = temperate
word-party_office = party and government office
word-commercial_office = commercial office
word-a = class A
word-b = class B

## Closed list: why
why-gate = Judged while
why-gated = Judged by occupancy
why-observed_s = Observed time
why-judged_s = Judged time
why-sensors = Sensors used
why-area = Area
why-people = People
why-unheard = Never heard
why-missing = Missing
why-working_days = Working days
why-rest_days = Rest days
why-mean_people_present = Mean people present
why-used_as_observed = Used as observed
why-uncorrected = Uncorrected
why-rooms = Rooms
why-posts = Posts
why-ranks = Ranks
why-place_kind = Kind of place
why-peak_first_at = Peak first reached
why-missing_attribute = Missing in the register
why-meters = Meters
why-hours_from = Hours taken from
why-density_from = Density taken from
why-energy_headcount = Energy-using headcount
why-authorised_headcount = Authorised headcount
why-capacity = Seats
why-capacity_people = Capacity (people)
why-missing_at = Missing at
why-parking_spaces = Parking spaces
why-floor_area_m2 = Building area
why-storeys = Storeys
why-office_and_service_m2 = Office and service rooms
why-last_post = Last post
why-left_on = Left on
why-space_left_out = Excluded area left out
why-headcount_not_used = Headcount not used
why-data_centre_kwh = Data centre, kWh
why-it_kwh = IT equipment, kWh
why-running_mean_outdoor = Outdoor temperature, running mean
why-comfort_temperature = Comfort temperature
why-usable_area_m2 = Usable area
why-area_m2 = Area
why-factor = Factor
why-subtracted = Subtracted

## What a figure is taken over
span-hour = one hour
span-day = today so far, or one day
span-week = last 7 days, or one week
span-month = this month so far, or one month
span-year = year
span-all = all of it
span-register = register

## Who is here
login-title = Log in
login-name = Name
login-password = Password
login-do = Log in
login-wrong = Name or password is wrong.
login-wait = Too many failed attempts. Please wait { $n } s.
login-help = Operations make users and set new passwords with "normwatch user".
logout = Log out
role-viewer = viewer
role-facilities = facilities
role-auditor = auditor
role-admin = admin

## Acting on a finding
act-taken = Taken on by { $by }
act-silenced = Silenced by { $by } until
act-lift = End the silence
act-give-back = Give it back
act-take = I take this on
act-note = Note
act-silence-for = Tell nobody for
act-hour = 1 hour
act-hours = { $n } hours
act-day = 1 day
act-days = { $n } days
act-silence = Silence
silenced = silenced

## Devices
nav-devices = Devices
devices-title = Devices
devices-text = Every sensor and meter of the register, the worst first. Battery and signal come from the devices themselves.
devices-filter = Devices by state
devices-none = None.
devices-hidden = { $n } more are in the API.
devices-unregistered = In no register
devices-misunderstood = Not understood
device-all = All
device-offline = offline
device-never = never heard
device-unknown = unknown
device-online = heard
device-battery = battery low
device-clock = clock off
device-marks = doubtful values
device-meter = meter
device-networks = Several networks
col-heard = Last heard
col-interval = Expected every
col-battery = Battery
col-clock = Clock
col-messages = Messages
col-topic = Topic
col-format = Format
col-error = What is wrong
clock-ahead = { $age } ahead
clock-behind = { $age } behind
unknown-text = These publish but are in no register. Their readings are kept. A claim may begin in the past: what the history still holds since then is judged too.
unknown-first = First heard
unknown-none = Everybody who publishes is registered.
unknown-unlisted = The list is full: { $n } messages of others were counted only. Who is silent for a day makes room.
misunderstood-text = The newest message of each topic could not be read. The messages lie in the quarantine and can be tried again there after a new route, profile or release.
misunderstood-none = Every message is understood.
misunderstood-unlisted = The list is full: { $n } messages of further topics were counted only.
claim = Claim
claim-title = Claim
claim-heard = What it says
claim-where = Where it hangs
claim-from = From
claim-interval = Reports every (s)
claim-profile = Device profile
claim-no-profile = none: names say enough
claim-may-not = Only facilities or an admin who sees all of the office may claim.
claim-text = This adds a row to sensors.csv and comes into force at once. Readings since the first day that the history still holds are judged within a minute, as they were understood then; days that were judged before get another revision, and old findings mail nobody. Readings from before the first day are judged by nobody. Meters want a row in meters.csv.
claim-rights = A broker with a list of rights lets the device publish under its own topic only when the list knows it: write it anew with “normwatch register acl”, or set acl_file under [mqtt].
claim-rights-kept = The broker’s list of rights (acl_file) is written anew with the claim; then have the broker read it (mosquitto: SIGHUP). Until it has, it may refuse what the device publishes under its own topic.

## A device
device-signal = weak signal
col-signal = Signal
col-quantity = Quantity
signal-weak = weak
signal-snr = SNR
battery-low = low
sort-by = Sorted by
sort-problem = problem
sort-place = place
sort-heard = last heard
sort-battery = battery
sort-signal = signal
device-gap = offline after { $age }
device-health = Battery and signal
device-health-none = It tells neither battery nor signal.
device-quality = Quality of its readings
device-counted = Counted since { $since }: { $messages } messages, { $readings } readings. Counts go on over a restart.
device-clocks = Whose clock the times are from
device-clocks-none = Nothing has come yet.
device-marks-none = No reading carries a mark.
device-newest = Newest readings
device-bindings = Where it hangs
device-events = What happened to the meter
bound-ever = from the beginning
bound-from = from
bound-to = to
meter-replaced = replaced
meter-reset = reset
meter-multiplier = other multiplier
time-from-device = time of the device
time-from-gateway = time of the gateway
time-from-arrival = time of arrival

## Closed list: flag
flag-retained = kept by the broker
flag-counter_reset = counter began anew
flag-rollover = counter rolled over
flag-text-range = outside what is possible; in no figure
flag-text-sentinel = the vendor's sign for no value; in no figure
flag-text-future = stamped in the future; in no figure
flag-text-stuck = repeats itself longer than its kind can; in no figure
flag-text-spike = a leap that air does not make; used
flag-text-late = out of order, older than one that had come; used
flag-text-duplicate = the same again; used once
flag-text-clock = its time cannot be (ahead, never set, or before it hung here); time of arrival used
flag-text-too_late = older than the history reaches; judged by nothing
flag-text-estimated = computed by the device, not measured; used
flag-text-backfill = filled in from a file; used
flag-text-retained = told again when we subscribed; used at its own time
flag-text-counter_reset = fell without reaching its end: reset or replaced; a new base
flag-text-rollover = passed its end, as the register says it does; used

## The quarantine
quarantine-title = Quarantine
quarantine-text = Messages that could not be understood, as they came. After a route, a profile or a release has mended the cause they are tried again here; each leaves when its readings are stored.
quarantine-none = The quarantine is empty.
quarantine-may-not = Only who sees all of the office sees the quarantine: nobody knows whose messages these are.
quarantine-all = All
quarantine-reasons = By reason
quarantine-next = Newer ones
quarantine-first = From the oldest on
quarantine-size = Bytes
quarantine-payload = Message
quarantine-cut = The first { $n } bytes are shown.
quarantine-binary = It is no text; in Base64:
quarantine-field = Field
quarantine-message = Message { $id }
quarantine-replay = Try again
quarantine-replay-all = Try all again
quarantine-replay-kind = Try these again
quarantine-replay-may-not = Only an admin may try messages again: it puts readings in.
quarantine-discard = Discard
quarantine-discard-kind = Discard these
quarantine-discard-text = What is discarded is gone; who did it and why stays in the audit trail.
quarantine-discard-may-not = Only facilities or an admin may discard.
quarantine-reason = Reason
quarantine-replayed = { $stored } stored with { $readings } readings, { $kept } stay, { $missing } were gone already.
quarantine-discarded = { $n } discarded.
