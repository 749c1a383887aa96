# Words of alert mails. Identifiers are the same in every language; a missing one falls back to English.

# Subjects
subject-one = [{ $badge }] { $place }: { $title }{ $figures }
subject-figures = , { $value } (limit { $limit })
subject-many = [{ $badge }] { $place }: { $counts }
subject-old = [Digest] Findings of the past: { $count }
subject-baseline = [Baseline] Register findings at first start: { $count }
subject-unproven = [Digest] Alerts without recent proof: { $count }

badge-firing = Alert
badge-critical = Critical alert
badge-suspected = Possible breach
badge-resolved = Resolved
badge-ended = Ended
badge-revised = Correction
badge-unproven = Unproven
badge-withdrawn = Withdrawn
badge-reminder = Still firing
badge-changes = Changes

count-firing = { $n } new
count-ended = { $n } ended already
count-resolved = { $n } resolved
count-revised = { $n } corrected
count-unproven = { $n } unproven
count-withdrawn = { $n } withdrawn
count-reminder = { $n } still firing
count-join = ,{" "}
list-join = ,{" "}

bodies = Bodies
more = { $n } more are in the console.

# First sentence of a mail
intro-firing = A limit is broken.
intro-firing-suspected = A limit may be broken: the sensor can only hint at it.
intro-resolved = The sensors prove that this is over.
intro-resolved-register = The register shows that this is over.
intro-withdrawn = The register or the standards have changed and this is not judged any more. Nothing has proven it over.
intro-ended = This began and ended before the mail went out.
intro-revised = Late data changed what was told before.
intro-revised-free = Late data changed what was told before: the limit was kept.
intro-unproven = This still counts as firing, but no reading has proven it for some time. Please check the sensor.
intro-reminder = This still fires.
intro-many = { $counts } in { $place }.
intro-old = These findings lie more than a day back. They were met while older data was read, and are told once, together.
intro-baseline = The register alone shows these findings. They existed before the service started, and are told once, together.
intro-unproven-digest = These alerts still count as firing, but no reading has proven them for some time. Please check the sensors.

# Labels
label-place = Place
label-body = Held by
label-since = Since
label-until = Until
label-window = Judged window
label-value = Measured
label-value-register = From the register
label-measure = Figure
label-told-value = Told before
label-limit = Limit
label-coverage = Data coverage
label-evidence = Evidence
label-clause = Clause
label-provenance = Source of the limit
label-severity = Severity
label-remedy = What to do
label-why = Why
label-alert = Alert
label-link = Open the alert

limit-at-most = at most { $limit }
limit-at-least = at least { $limit }
no-value = no value
place-with-id = { $label } ({ $id })
time-in-zone = { $time } (UTC{ $offset }, { $zone })
document-citation = { $document }, { $citation }
clause-full = { $citation } ({ $id })

coverage-full = 100%, observed without a gap
coverage-part = { $percent }% of the judged time was observed, the rest is unknown
coverage-little = under 1% of the judged time was observed
coverage-register = complete: decided by the register alone

evidence-firm = firm: the measured value decides
evidence-suspicion = suspicion: the sensor can only hint at it, please check on site

provenance-official = read in the official text
provenance-two_sources = two independent sources agree
provenance-one_source = one source
provenance-derived = calculated from other values of the document
provenance-policy = threshold of the operator, not of a standard
provenance-unverified = not verified, accepted by the operator

severity-info = information
severity-warning = warning
severity-critical = critical

state-firing = Firing
state-suspected = Suspected
state-resolved = Resolved
state-ended = Ended
state-revised = Corrected
state-unproven = Unproven
state-withdrawn = Withdrawn
state-reminder = Still firing

# What happens next
next-firing = A resolved mail follows only when the sensors prove that the limit is kept again. A silent or removed sensor never counts as resolved.
next-register = A resolved mail follows when the register shows that the limit is kept.
next-repeat = Until then you are reminded from time to time.
next-withdrawn = No further mail follows for this alert. Should the rule come back, it is judged anew.
next-resolved = No further mail follows for this alert, unless late data corrects it.
footer = Sent by normwatch to { $mail } ({ $recipient }).
footer-deputy = Sent by normwatch to { $mail } ({ $recipient }), as deputy of { $absent } who is absent.
footer-zone = Times are in { $zone }.
footer-example = This is an example. Nothing was measured.

# Kinds of place
kind-site = Site
kind-building = Building
kind-floor = Floor
kind-room = Room

# Figures
measure-utilisation = share of working time in use
measure-seat_utilisation = share of seats in use
measure-space_utilisation = people present against capacity by area
measure-peak_people = most people at once
measure-idle_working_days = working days without use
measure-area_per_person = usable area per person present
measure-private_office_area = office area per post
measure-service_area = service area per post
measure-co2_hour_mean = hourly mean of CO2
measure-co2_day_mean = daily mean of CO2
measure-temperature_hour_mean = hourly mean of temperature
measure-humidity_hour_mean = hourly mean of relative humidity
measure-illuminance = mean illuminance
measure-lighting_power_density = lighting power density
measure-electricity = electricity used
measure-gas = gas used
measure-heat = heat used
measure-water = water used
measure-eui = energy use per area and year
measure-eui_corrected = energy use per area and year, corrected for use
measure-energy_per_person = energy per person
measure-water_per_person = water per person
measure-energy_while_empty = energy used while empty
measure-night_ratio = night power against working hours
measure-rest_day_ratio = energy of rest days against working days
measure-weather_regularity = cooling power that follows the weather (R²)
measure-effective_users = people at work a day
measure-room_area = usable area of the room
measure-area_per_post = usable area per assigned post
measure-area_per_fte = office area per person
measure-canteen_area = building area of the canteen
measure-garage_area = building area of the garage
measure-equipment_share = equipment rooms against office and service rooms
measure-usable_share = usable area against building area
measure-vacated_days = days since the last post left
measure-setpoint_hour_mean = hourly mean of the set-point
measure-pm2_5_day_mean = daily mean of PM2.5
measure-pm10_day_mean = daily mean of PM10
measure-tvoc_day_mean = daily mean of TVOC
measure-temperature_outside = share of time with the temperature outside its band
measure-humidity_outside = share of time with the humidity outside its band
measure-co2_above_outdoor = CO2 above outdoors
measure-running_mean_outdoor = running mean of the outdoor temperature
measure-energy_use_effectiveness = electricity of the data centre against its IT
measure-absence = longest silence of a sensor
measure-stuck = longest time a value was stuck
measure-window_open = time with a window open
measure-cooling_on = time with cooling on
measure-heating_on = time with heating on

unit-count = people
unit-days = days
unit-person = person
value-with-unit = { $value } { $unit }

colon = :{" "}

place-in = { $building }, { $place }

# Facts of an explanation
fact-true = yes
fact-false = no
fact-area_m2 = Area, m²
fact-area_per_person_m2 = Area per person, m²
fact-authorised_headcount = Authorised headcount
fact-capacity = Seats
fact-capacity_people = Capacity by area, people
fact-sensors = Sensors used
fact-no_longer_in_force = No longer in force
fact-judged_from_now_on_by = Judged from now on by
fact-no_longer_applies_to = Not in the register any more, or no longer one that the rule is for
fact-handling = How soon to put it right
fact-excess_over_cap = Excess, share of the cap
fact-handling_from = Grades after
fact-hours = Hours compared
fact-buildings = Buildings
fact-unheard = Never heard
fact-missing_at = Missing at
fact-parking_spaces = Parking spaces
fact-floor_area_m2 = Building area
fact-storeys = Storeys
fact-office_and_service_m2 = Office and service rooms
fact-last_post = Last post
fact-left_on = Left on
fact-space_left_out = Excluded area left out
fact-headcount_not_used = Headcount not used
fact-data_centre_kwh = Data centre, kWh
fact-it_kwh = IT equipment, kWh
fact-running_mean_outdoor = Outdoor temperature, running mean
fact-comfort_temperature = Comfort temperature
fact-density_from = Density taken from
fact-energy_headcount = Energy-using headcount
fact-factor_density = Factor for density
fact-factor_electricity = Factor for electricity
fact-factor_gas = Factor for gas
fact-factor_heat = Factor for heat
fact-factor_hours = Factor for hours
fact-factor_water = Factor for water
fact-gate = Judged while
fact-hours_from = Hours taken from
fact-hours_of_use = Hours of use
fact-mean_people_present = Mean number of people present
fact-meters = Meters
fact-missing = Missing in the register
fact-missing_attribute = Missing in the register
fact-peak_first_at = Peak first reached at
fact-posts = Posts
fact-ranks = Ranks
fact-rest_days = Rest days
fact-rooms = Rooms
fact-subtracted_electricity = Left out, electricity
fact-subtracted_gas = Left out, gas
fact-subtracted_heat = Left out, heat
fact-subtracted_water = Left out, water
fact-uncorrected = Before correction
fact-usable_area_m2 = Usable area, m²
fact-used_as_observed = Used, as metered
fact-working_days = Working days

# Words that stand as values
word-occupied = somebody is in the room
word-cooling = the cooling runs
word-heating = the heating runs
word-no-sensor-for-it-here-judged-at-all-times = at all times, as no sensor tells
word-declared-opening-hours = declared opening hours
word-opening-hours = opening hours
word-must-be-put-right = must be put right
word-at-the-next-refit-or-change-of-post = at the next refit or change of post
word-may-wait-while-no-fitting-room-is-free = may wait while no fitting room is free
word-energy-headcount = energy-using headcount
word-authorised-headcount = authorised headcount
word-usable-area-m2 = usable area
word-floor-area-m2 = building area
word-heated-area-m2 = heated area
word-capacity = seats
word-correction = numbers of the correction
word-level = level of the body
word-rank = rank of the post
word-climate-zone = climate zone
word-building-type = building type
word-building-class = building class
word-quota-zone = quota zone
word-site = site
word-building = building
word-floor = floor
word-room = room
word-minister = minister
word-vice-minister = vice minister
word-director-general = director general
word-deputy-director-general = deputy director general
word-division = division head
word-governor = governor
word-vice-governor = vice governor
word-department-head = head of department
word-department-deputy = deputy head of department
word-division-head = head of division
word-division-deputy = deputy head of division
word-below-division = below division
word-mayor = mayor
word-vice-mayor = vice mayor
word-bureau-head = head of bureau
word-bureau-deputy = deputy head of bureau
word-below-bureau = below bureau
word-county-head = head of county
word-county-deputy = deputy head of county
word-section-head = head of section
word-section-deputy = deputy head of section
word-below-section = below section
word-township-head = head of township
word-township-deputy = deputy head of township
word-township-other = other township post
