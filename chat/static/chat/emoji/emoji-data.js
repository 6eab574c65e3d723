// @ts-check
// The emoji of the picker, with their English names. bin/make_emoji.py writes this file: do not edit it.
// Only catalogue.js may import this module.

/** @type {[group: string, symbol: string, lines: string][]} */
export const GROUPS = [
  ["Smileys and hearts", "😀", `😀 grinning face;happy
😁 beaming face with smiling eyes;grin
😂 face with tears of joy;lol haha laugh funny
😃 grinning face with big eyes;smiley
😄 grinning face with smiling eyes;smile happy haha
😅 grinning face with sweat;smile phew
😆 grinning squinting face;satisfied laughing
😇 smiling face with halo;innocent
😈 smiling face with horns;imp
😉 winking face;wink joke
😊 smiling face with smiling eyes;blush happy thanks
😋 face savoring food;yum
😌 relieved face
😍 smiling face with heart-eyes;heart eyes love
😎 smiling face with sunglasses;cool
😏 smirking face;smirk
😐 neutral face
😑 expressionless face
😒 unamused face
😓 downcast face with sweat
😔 pensive face
😕 confused face
😖 confounded face
😗 kissing face
😘 face blowing a kiss;kissing heart
😙 kissing face with smiling eyes
😚 kissing face with closed eyes
😛 face with tongue;stuck out
😜 winking face with tongue;stuck out eye
😝 squinting face with tongue;stuck out closed eyes
😞 disappointed face
😟 worried face
😠 angry face
😡 enraged face;rage pout angry
😢 crying face;cry sad
😣 persevering face;persevere
😤 face with steam from nose;triumph
😥 sad but relieved face;disappointed
😦 frowning face with open mouth
😧 anguished face
😨 fearful face
😩 weary face
😪 sleepy face
😫 tired face
😬 grimacing face
😭 loudly crying face;sob sad
😮 face with open mouth;wow surprise
😮‍💨 face exhaling
😯 hushed face
😰 anxious face with sweat;cold
😱 face screaming in fear;scream shock omg
😲 astonished face
😳 flushed face
😴 sleeping face;tired
😵 face with crossed-out eyes;dizzy crossed out knocked
😵‍💫 face with spiral eyes
😶 face without mouth;no
😶‍🌫️ face in clouds
😷 face with medical mask
😸 grinning cat with smiling eyes;smile
😹 cat with tears of joy
😺 grinning cat;smiley
😻 smiling cat with heart-eyes;heart eyes
😼 cat with wry smile;smirk
😽 kissing cat
😾 pouting cat
😿 crying cat;face
🙀 weary cat;scream
🙁 slightly frowning face;sad
🙂 slightly smiling face;happy
🙂‍↔️ head shaking horizontally
🙂‍↕️ head shaking vertically
🙃 upside-down face;upside down
🙄 face with rolling eyes;roll
🤐 zipper-mouth face;zipper mouth
🤑 money-mouth face;money mouth
🤒 face with thermometer;ill sick
🤓 nerd face
🤔 thinking face;hmm
🤕 face with head-bandage;head bandage
🤖 robot;face
🤗 smiling face with open hands;hugging hugs
🤠 cowboy hat face
🤡 clown face
🤢 nauseated face
🤣 rolling on the floor laughing;rofl lol haha laugh funny
🤤 drooling face
🤥 lying face
🤧 sneezing face
🤨 face with raised eyebrow
🤩 star-struck;star struck
🤪 zany face
🤫 shushing face
🤬 face with symbols on mouth;cursing
🤭 face with hand over mouth
🤮 face vomiting
🤯 exploding head;mind blown wow
🥰 smiling face with hearts;three love
🥱 yawning face
🥲 smiling face with tear
🥳 partying face
🥴 woozy face
🥵 hot face
🥶 cold face
🥸 disguised face
🥹 face holding back tears
🥺 pleading face
🧐 face with monocle
🫠 melting face
🫡 saluting face
🫢 face with open eyes and hand over mouth
🫣 face with peeking eye
🫤 face with diagonal mouth
🫥 dotted line face
🫧 bubbles
🫨 shaking face
☺️ smiling face;relaxed
☹️ frowning face;white
👿 angry face with horns;imp
💀 skull
☠️ skull and crossbones
💩 pile of poo;poop hankey shit
👹 ogre;japanese
👺 goblin;japanese
👻 ghost
👽 alien
👾 alien monster;space invader
🙈 see-no-evil monkey;see no evil
🙉 hear-no-evil monkey;hear no evil
🙊 speak-no-evil monkey;speak no evil
❤️ red heart;love
❤️‍🔥 heart on fire
❤️‍🩹 mending heart
🧡 orange heart
🤍 white heart
🤎 brown heart
🖤 black heart
🩵 light blue heart
🩶 grey heart
🩷 pink heart
💓 beating heart;heartbeat
💔 broken heart;sad
💕 two hearts
💖 sparkling heart
💗 growing heart;heartpulse
💘 heart with arrow;cupid
💙 blue heart
💚 green heart
💛 yellow heart
💜 purple heart
💝 heart with ribbon;gift
💞 revolving hearts
💟 heart decoration
❣️ heart exclamation;heavy mark ornament
💋 kiss mark
💌 love letter
💯 hundred points;100 perfect
💢 anger symbol
💤 ZZZ
💥 collision;boom
💦 sweat droplets;drops
💨 dashing away;dash
💫 dizzy
💬 speech balloon
💭 thought balloon
🕳️ hole
🗨️ left speech bubble
🗯️ right anger bubble`],
  ["People and gestures", "👋", `👋+waving hand;wave hello hi bye
🤚+raised back of hand
🖐️+hand with fingers splayed;raised
✋+raised hand
🖖+vulcan salute;raised hand with part between middle and ring fingers
🫱+rightwards hand
🫲+leftwards hand
🫳+palm down hand
🫴+palm up hand
🫵+index pointing at the viewer
🫶+heart hands
🫷+leftwards pushing hand
🫸+rightwards pushing hand
👌+OK hand;fine perfect
🤌+pinched fingers
🤏+pinching hand
✌️+victory hand;v
🤞+crossed fingers
🫰+hand with index finger and thumb crossed
🤟+love-you gesture;love you
🤘+sign of the horns;metal
🤙+call me hand
👆+backhand index pointing up;point 2
👇+backhand index pointing down;point
👈+backhand index pointing left;point
👉+backhand index pointing right;point
👊+oncoming fist;punch facepunch
☝️+index pointing up;point
🖕+middle finger;fu reversed hand with extended
👍+thumbs up;thumbsup +1 yes ok agree good like
👎+thumbs down;thumbsdown 1 -1 no disagree bad
👏+clapping hands;clap applause bravo congratulations
👐+open hands
✊+raised fist
🤛+left-facing fist;left facing
🤜+right-facing fist;right facing
🤝+handshake
🙌+raising hands;raised hooray
🙏+folded hands;pray thanks please thank you
✍️+writing hand
💅+nail polish;care
🤳+selfie
💪+flexed biceps;muscle strong
🦾 mechanical arm
🦿 mechanical leg
🦵+leg
🦶+foot
👂+ear
👃+nose
🦻+ear with hearing aid
🤲+palms up together
🧠 brain
🫀 anatomical heart
🫁 lungs
🦷 tooth
🦴 bone
👀 eyes;look see
👁️ eye
👁️‍🗨️ eye in speech bubble
👄 mouth;lips
👅 tongue
🫦 biting lip
👶+baby
🧒+child
👦+boy
👧+girl
🧑+person;adult
🧑‍⚕️+health worker
🧑‍⚖️+judge
🧑‍✈️+pilot
🧑‍🌾+farmer
🧑‍🍳+cook
🧑‍🍼+person feeding baby
🧑‍🎄+Mx Claus
🧑‍🎓+student
🧑‍🎤+singer
🧑‍🎨+artist
🧑‍🏫+teacher
🧑‍🏭+factory worker
🧑‍💻+technologist
🧑‍💼+office worker
🧑‍🔧+mechanic
🧑‍🔬+scientist
🧑‍🚀+astronaut
🧑‍🚒+firefighter
🧑‍🤝‍🧑+people holding hands
🧑‍🦯+person with white cane;probing
🧑‍🦯‍➡️+person with white cane facing right
🧑‍🦰+person red hair
🧑‍🦱+person curly hair
🧑‍🦲+person bald
🧑‍🦳+person white hair
🧑‍🦼+person in motorized wheelchair
🧑‍🦼‍➡️+person in motorized wheelchair facing right
🧑‍🦽+person in manual wheelchair
🧑‍🦽‍➡️+person in manual wheelchair facing right
🧑‍🧑‍🧒 family adult adult child
🧑‍🧑‍🧒‍🧒 family adult adult child child
🧑‍🧒 family adult child
🧑‍🧒‍🧒 family adult child child
👨+man
👨‍⚕️+man health worker
👨‍⚖️+man judge
👨‍✈️+man pilot
👨‍❤️‍👨+couple with heart man man
👨‍❤️‍💋‍👨+kiss man man;couplekiss
👨‍🌾+man farmer
👨‍🍳+man cook
👨‍🍼+man feeding baby
👨‍🎓+man student
👨‍🎤+man singer
👨‍🎨+man artist
👨‍🏫+man teacher
👨‍🏭+man factory worker
👨‍👦 family man boy
👨‍👦‍👦 family man boy boy
👨‍👧 family man girl
👨‍👧‍👦 family man girl boy
👨‍👧‍👧 family man girl girl
👨‍👨‍👦 family man man boy
👨‍👨‍👦‍👦 family man man boy boy
👨‍👨‍👧 family man man girl
👨‍👨‍👧‍👦 family man man girl boy
👨‍👨‍👧‍👧 family man man girl girl
👨‍👩‍👦 family man woman boy
👨‍👩‍👦‍👦 family man woman boy boy
👨‍👩‍👧 family man woman girl
👨‍👩‍👧‍👦 family man woman girl boy
👨‍👩‍👧‍👧 family man woman girl girl
👨‍💻+man technologist
👨‍💼+man office worker
👨‍🔧+man mechanic
👨‍🔬+man scientist
👨‍🚀+man astronaut
👨‍🚒+man firefighter
👨‍🦯+man with white cane;probing
👨‍🦯‍➡️+man with white cane facing right
👨‍🦰+man red hair;haired
👨‍🦱+man curly hair;haired
👨‍🦲+man bald
👨‍🦳+man white hair;haired
👨‍🦼+man in motorized wheelchair
👨‍🦼‍➡️+man in motorized wheelchair facing right
👨‍🦽+man in manual wheelchair
👨‍🦽‍➡️+man in manual wheelchair facing right
👩+woman
👩‍⚕️+woman health worker
👩‍⚖️+woman judge
👩‍✈️+woman pilot
👩‍❤️‍👨+couple with heart woman man
👩‍❤️‍👩+couple with heart woman woman
👩‍❤️‍💋‍👨+kiss woman man;couplekiss
👩‍❤️‍💋‍👩+kiss woman woman;couplekiss
👩‍🌾+woman farmer
👩‍🍳+woman cook
👩‍🍼+woman feeding baby
👩‍🎓+woman student
👩‍🎤+woman singer
👩‍🎨+woman artist
👩‍🏫+woman teacher
👩‍🏭+woman factory worker
👩‍👦 family woman boy
👩‍👦‍👦 family woman boy boy
👩‍👧 family woman girl
👩‍👧‍👦 family woman girl boy
👩‍👧‍👧 family woman girl girl
👩‍👩‍👦 family woman woman boy
👩‍👩‍👦‍👦 family woman woman boy boy
👩‍👩‍👧 family woman woman girl
👩‍👩‍👧‍👦 family woman woman girl boy
👩‍👩‍👧‍👧 family woman woman girl girl
👩‍💻+woman technologist
👩‍💼+woman office worker
👩‍🔧+woman mechanic
👩‍🔬+woman scientist
👩‍🚀+woman astronaut
👩‍🚒+woman firefighter
👩‍🦯+woman with white cane;probing
👩‍🦯‍➡️+woman with white cane facing right
👩‍🦰+woman red hair;haired
👩‍🦱+woman curly hair;haired
👩‍🦲+woman bald
👩‍🦳+woman white hair;haired
👩‍🦼+woman in motorized wheelchair
👩‍🦼‍➡️+woman in motorized wheelchair facing right
👩‍🦽+woman in manual wheelchair
👩‍🦽‍➡️+woman in manual wheelchair facing right
🧓+older person;adult
🧔+person beard;bearded
🧔‍♀️+woman beard
🧔‍♂️+man beard
👴+old man;older
👵+old woman;older
👱+person blond hair;haired with
👱‍♀️+woman blond hair;blonde haired
👱‍♂️+man blond hair;haired
🙅+person gesturing NO;good
🙅‍♀️+woman gesturing NO;ng good
🙅‍♂️+man gesturing NO;good ng
🙆+person gesturing OK
🙆‍♀️+woman gesturing OK
🙆‍♂️+man gesturing OK
🙇+person bowing;bow
🙇‍♀️+woman bowing
🙇‍♂️+man bowing
🙋+person raising hand
🙋‍♀️+woman raising hand
🙋‍♂️+man raising hand
🙍+person frowning
🙍‍♀️+woman frowning
🙍‍♂️+man frowning
🙎+person pouting;face with
🙎‍♀️+woman pouting
🙎‍♂️+man pouting
💁+person tipping hand;information desk
💁‍♀️+woman tipping hand;sassy
💁‍♂️+man tipping hand;sassy
🧏+deaf person
🧏‍♀️+deaf woman
🧏‍♂️+deaf man
🤦+person facepalming;facepalm oops
🤦‍♀️+woman facepalming
🤦‍♂️+man facepalming
🤷+person shrugging;shrug dunno
🤷‍♀️+woman shrugging
🤷‍♂️+man shrugging
👮+police officer;cop
👮‍♀️+woman police officer;policewoman
👮‍♂️+man police officer;policeman
🕵️+detective;sleuth or spy
🕵️‍♀️+woman detective;female
🕵️‍♂️+man detective;male
💂+guard
💂‍♀️+woman guard;guardswoman
💂‍♂️+man guard;guardsman
🥷+ninja
👷+construction worker
👷‍♀️+woman construction worker
👷‍♂️+man construction worker
🫅+person with crown
🤴+prince
👸+princess
👳+person wearing turban;with
👳‍♀️+woman wearing turban;with
👳‍♂️+man wearing turban;with
👲+person with skullcap;man gua pi mao
🧕+woman with headscarf
🤵+person in tuxedo
🤵‍♀️+woman in tuxedo
🤵‍♂️+man in tuxedo
👰+person with veil
👰‍♀️+woman with veil;bride
👰‍♂️+man with veil
🤰+pregnant woman
🤱+breast-feeding;breast feeding
🫃+pregnant man
🫄+pregnant person
👼+baby angel
🎅+Santa Claus
🤶+Mrs. Claus
🦸+superhero
🦸‍♀️+woman superhero
🦸‍♂️+man superhero
🦹+supervillain
🦹‍♀️+woman supervillain
🦹‍♂️+man supervillain
🧖+person in steamy room;sauna
🧖‍♀️+woman in steamy room;sauna
🧖‍♂️+man in steamy room;sauna
🧗+person climbing
🧗‍♀️+woman climbing
🧗‍♂️+man climbing
🧘+person in lotus position
🧘‍♀️+woman in lotus position
🧘‍♂️+man in lotus position
🧙+mage
🧙‍♀️+woman mage
🧙‍♂️+man mage
🧚+fairy
🧚‍♀️+woman fairy
🧚‍♂️+man fairy
🧛+vampire
🧛‍♀️+woman vampire
🧛‍♂️+man vampire
🧜+merperson
🧜‍♀️+mermaid
🧜‍♂️+merman
🧝+elf
🧝‍♀️+woman elf
🧝‍♂️+man elf
🧞 genie
🧞‍♀️ woman genie
🧞‍♂️ man genie
🧟 zombie
🧟‍♀️ woman zombie
🧟‍♂️ man zombie
🧌 troll
💆+person getting massage
💆‍♀️+woman getting massage
💆‍♂️+man getting massage
💇+person getting haircut
💇‍♀️+woman getting haircut
💇‍♂️+man getting haircut
🚶+person walking
🚶‍♀️+woman walking
🚶‍♀️‍➡️+woman walking facing right
🚶‍♂️+man walking
🚶‍♂️‍➡️+man walking facing right
🚶‍➡️+person walking facing right
🧍+person standing
🧍‍♀️+woman standing
🧍‍♂️+man standing
🧎+person kneeling
🧎‍♀️+woman kneeling
🧎‍♀️‍➡️+woman kneeling facing right
🧎‍♂️+man kneeling
🧎‍♂️‍➡️+man kneeling facing right
🧎‍➡️+person kneeling facing right
💃+woman dancing;dancer
🕺+man dancing
🕴️+person in suit levitating;business man
👯+people with bunny ears;dancers
👯‍♀️+women with bunny ears;dancing
👯‍♂️+men with bunny ears;dancing
🛀+person taking bath
🛌+person in bed;sleeping accommodation
👫+woman and man holding hands;couple
👬+men holding hands;two
👭+women holding hands;two
💏+kiss;couplekiss
💑+couple with heart
👪 family
🗣️ speaking head;in silhouette
👤 bust in silhouette
👥 busts in silhouette
🫂 people hugging
👣 footprints`],
  ["Animals and nature", "🐻", `🐀 rat
🐁 mouse;mouse2
🐂 ox
🐃 water buffalo
🐄 cow;cow2
🐅 tiger;tiger2
🐆 leopard
🐇 rabbit;rabbit2
🐈 cat;cat2
🐈‍⬛ black cat
🐉 dragon
🐊 crocodile
🐋 whale;whale2
🐌 snail
🐍 snake
🐎 horse;racehorse
🐏 ram
🐐 goat
🐑 ewe;sheep
🐒 monkey
🐓 rooster
🐔 chicken
🐕 dog;dog2
🐕‍🦺 service dog
🐖 pig;pig2
🐗 boar
🐘 elephant
🐙 octopus
🐚 spiral shell
🐛 bug;insect
🐜 ant
🐝 honeybee;bee
🐞 lady beetle
🐟 fish
🐠 tropical fish
🐡 blowfish
🐢 turtle
🐣 hatching chick
🐤 baby chick
🐥 front-facing baby chick;hatched front facing
🐦 bird
🐦‍⬛ black bird;raven crow rook
🐦‍🔥 phoenix
🐧 penguin
🐨 koala
🐩 poodle
🐪 camel;dromedary
🐫 two-hump camel;two hump
🐬 dolphin;flipper
🐭 mouse face
🐮 cow face
🐯 tiger face
🐰 rabbit face
🐱 cat face
🐲 dragon face
🐳 spouting whale
🐴 horse face
🐵 monkey face
🐶 dog face
🐷 pig face
🐸 frog
🐹 hamster
🐺 wolf
🐻 bear
🐻‍❄️ polar bear
🐼 panda;face
🐽 pig nose
🐾 paw prints;feet
🐿️ chipmunk
🕊️ dove;of peace
🕷️ spider
🕸️ spider web
🦀 crab
🦁 lion;face
🦂 scorpion
🦃 turkey
🦄 unicorn;face
🦅 eagle
🦆 duck
🦇 bat
🦈 shark
🦉 owl
🦊 fox;face
🦋 butterfly
🦌 deer
🦍 gorilla;harambe
🦎 lizard
🦏 rhinoceros
🦐 shrimp
🦑 squid
🦒 giraffe
🦓 zebra
🦔 hedgehog
🦕 sauropod
🦖 T-Rex;t rex
🦗 cricket
🦘 kangaroo
🦙 llama
🦚 peacock
🦛 hippopotamus
🦜 parrot
🦝 raccoon
🦞 lobster
🦟 mosquito
🦠 microbe
🦡 badger
🦢 swan
🦣 mammoth
🦤 dodo
🦥 sloth
🦦 otter
🦧 orangutan
🦨 skunk
🦩 flamingo
🦪 oyster
🦫 beaver
🦬 bison
🦭 seal
🦮 guide dog
🪰 fly
🪱 worm
🪲 beetle
🪳 cockroach
🪴 potted plant
🪵 wood
🪶 feather
🪷 lotus
🪸 coral
🪹 empty nest
🪺 nest with eggs
🪻 hyacinth
🪼 jellyfish
🪽 wing
🪿 goose
🫎 moose
🫏 donkey
💐 bouquet
🌷 tulip
🌸 cherry blossom
🌹 rose
🌺 hibiscus
🌻 sunflower
🌼 blossom
🥀 wilted flower
🌱 seedling
🌲 evergreen tree
🌳 deciduous tree
🌴 palm tree
🌵 cactus
🌾 sheaf of rice;ear
🌿 herb
🍀 four leaf clover
🍁 maple leaf
🍂 fallen leaf
🍃 leaf fluttering in wind;leaves
🍄 mushroom
🍄‍🟫 brown mushroom
☘️ shamrock
🌀 cyclone
🌁 foggy
🌂 closed umbrella
🌃 night with stars
🌄 sunrise over mountains
🌅 sunrise
🌆 cityscape at dusk;city sunset
🌇 sunset;city sunrise
🌈 rainbow
🌉 bridge at night
🌊 water wave;ocean
🌋 volcano
🌌 milky way
🌍 globe showing Europe-Africa;earth africa europe
🌎 globe showing Americas;earth
🌏 globe showing Asia-Australia;earth asia australia
🌐 globe with meridians
🌑 new moon
🌒 waxing crescent moon
🌓 first quarter moon
🌔 waxing gibbous moon
🌕 full moon
🌖 waning gibbous moon
🌗 last quarter moon
🌘 waning crescent moon
🌙 crescent moon
🌚 new moon face;with
🌛 first quarter moon face;with
🌜 last quarter moon face;with
🌝 full moon face;with
🌞 sun with face
🌟 glowing star;star2
🌠 shooting star;stars
🌡️ thermometer
🌤️ sun behind small cloud;white with
🌥️ sun behind large cloud;white
🌦️ sun behind rain cloud;white with
🌧️ cloud with rain
🌨️ cloud with snow
🌩️ cloud with lightning
🌪️ tornado;cloud with
🌫️ fog
🌬️ wind face;blowing
☀️ sun;sunny
☁️ cloud
☂️ umbrella;open
☃️ snowman;with snow
☄️ comet
☔ umbrella with rain drops
⚡ high voltage;zap
⛄ snowman without snow
⛅ sun behind cloud;partly sunny
⛈️ cloud with lightning and rain;thunder
❄️ snowflake
✨ sparkles
⭐ star;favourite
🔥 fire;hot
💧 droplet
🪐 ringed planet`],
  ["Food and drink", "🍎", `🍅 tomato
🍆 eggplant
🍇 grapes
🍈 melon
🍉 watermelon
🍊 tangerine;orange mandarin
🍋 lemon
🍋‍🟩 lime
🍌 banana
🍍 pineapple
🍎 red apple
🍏 green apple
🍐 pear
🍑 peach
🍒 cherries
🍓 strawberry
🍔 hamburger
🍕 pizza
🍖 meat on bone
🍗 poultry leg
🍘 rice cracker
🍙 rice ball
🍚 cooked rice
🍛 curry rice
🍜 steaming bowl;ramen
🍝 spaghetti
🍞 bread
🍟 french fries
🍠 roasted sweet potato
🍡 dango
🍢 oden
🍣 sushi
🍤 fried shrimp
🍥 fish cake with swirl
🍦 soft ice cream;icecream
🍧 shaved ice
🍨 ice cream
🍩 doughnut
🍪 cookie
🍫 chocolate bar
🍬 candy
🍭 lollipop
🍮 custard
🍯 honey pot
🍰 shortcake;cake
🍱 bento box
🍲 pot of food;stew
🍳 cooking;egg fried
🍴 fork and knife
🍵 teacup without handle;tea
🍶 sake
🍷 wine glass
🍸 cocktail glass
🍹 tropical drink
🍺 beer mug
🍻 clinking beer mugs;beers cheers
🍼 baby bottle
🍽️ fork and knife with plate;cutlery
🍾 bottle with popping cork;champagne
🍿 popcorn
🌭 hot dog;hotdog
🌮 taco
🌯 burrito
🌰 chestnut
🌶️ hot pepper
🌽 ear of corn
🎂 birthday cake
🥐 croissant
🥑 avocado
🥒 cucumber
🥓 bacon
🥔 potato
🥕 carrot
🥖 baguette bread
🥗 green salad
🥘 shallow pan of food
🥙 stuffed flatbread
🥚 egg;egg2
🥛 glass of milk
🥜 peanuts
🥝 kiwi fruit
🥞 pancakes
🥟 dumpling
🥠 fortune cookie
🥡 takeout box
🥢 chopsticks
🥣 bowl with spoon
🥤 cup with straw
🥥 coconut
🥦 broccoli
🥧 pie
🥨 pretzel
🥩 cut of meat
🥪 sandwich
🥫 canned food
🥬 leafy green
🥭 mango
🥮 moon cake
🥯 bagel
🧀 cheese wedge
🧁 cupcake
🧂 salt
🧃 beverage box
🧄 garlic
🧅 onion
🧆 falafel
🧇 waffle
🧈 butter
🧉 mate
🧊 ice;cube
🧋 bubble tea
🫐 blueberries
🫑 bell pepper
🫒 olive
🫓 flatbread
🫔 tamale
🫕 fondue
🫖 teapot
🫗 pouring liquid
🫘 beans
🫙 jar
🫚 ginger root
🫛 pea pod
☕ hot beverage;coffee
🥂 clinking glasses;cheers
🥃 tumbler glass
🥄 spoon
🏺 amphora`],
  ["Activities", "⚽", `🎀 ribbon
🎁 wrapped gift
🎃 jack-o-lantern;jack o lantern
🎄 Christmas tree
🎆 fireworks
🎇 sparkler
🎈 balloon
🎉 party popper;tada congratulations celebrate hooray
🎊 confetti ball
🎋 tanabata tree
🎍 pine decoration;bamboo
🎎 Japanese dolls
🎏 carp streamer;flags
🎐 wind chime
🎑 moon viewing ceremony;rice scene
🎒 backpack;school satchel
🎓 graduation cap;mortar board
🎖️ military medal
🎗️ reminder ribbon
🎙️ studio microphone
🎚️ level slider
🎛️ control knobs
🎞️ film frames;strip
🎟️ admission tickets
🎠 carousel horse
🎡 ferris wheel
🎢 roller coaster
🎣 fishing pole;and fish
🎤 microphone
🎥 movie camera
🎦 cinema
🎧 headphone;headphones
🎨 artist palette;art
🎩 top hat;tophat
🎪 circus tent
🎫 ticket
🎬 clapper board
🎭 performing arts
🎮 video game
🎯 bullseye;dart
🎰 slot machine
🎱 pool 8 ball;8ball
🎲 game die
🎳 bowling
🎴 flower playing cards
🎵 musical note
🎶 musical notes
🎷 saxophone
🎸 guitar
🎹 musical keyboard
🎺 trumpet
🎻 violin
🎼 musical score
🎽 running shirt;with sash
🎾 tennis
🎿 skis;ski
🏀 basketball
🏂+snowboarder
🏃+person running;runner
🏃‍♀️+woman running
🏃‍♀️‍➡️+woman running facing right
🏃‍♂️+man running
🏃‍♂️‍➡️+man running facing right
🏃‍➡️+person running facing right
🏄+person surfing;surfer
🏄‍♀️+woman surfing
🏄‍♂️+man surfing
🏅 sports medal
🏆 trophy
🏇+horse racing
🏈 american football
🏉 rugby football
🏊+person swimming;swimmer
🏊‍♀️+woman swimming
🏊‍♂️+man swimming
🏋️+person lifting weights;weight lifter
🏋️‍♀️+woman lifting weights;weight
🏋️‍♂️+man lifting weights;weight
🏌️+person golfing;golfer
🏌️‍♀️+woman golfing
🏌️‍♂️+man golfing
🏏 cricket game;bat and ball
🏐 volleyball
🏑 field hockey;stick and ball
🏒 ice hockey;stick and puck
🏓 ping pong;table tennis paddle and ball
🏸 badminton;racquet and shuttlecock
🏹 bow and arrow
🤸+person cartwheeling
🤸‍♀️+woman cartwheeling
🤸‍♂️+man cartwheeling
🤹+person juggling
🤹‍♀️+woman juggling
🤹‍♂️+man juggling
🤺 person fencing
🤼+people wrestling
🤼‍♀️+women wrestling
🤼‍♂️+men wrestling
🤽+person playing water polo
🤽‍♀️+woman playing water polo
🤽‍♂️+man playing water polo
🤾+person playing handball
🤾‍♀️+woman playing handball
🤾‍♂️+man playing handball
🤿 diving mask
🥁 drum
🥅 goal net
🥇 1st place medal
🥈 2nd place medal
🥉 3rd place medal
🥊 boxing glove
🥋 martial arts uniform
🥌 curling stone
🥍 lacrosse
🥎 softball
🥏 flying disc
⚽ soccer ball
⚾ baseball
⛳ flag in hole;golf
⛷️ skier
⛸️ ice skate
⛹️+person bouncing ball;with
⛹️‍♀️+woman bouncing ball;basketball
⛹️‍♂️+man bouncing ball;basketball
🚣+person rowing boat;rowboat
🚣‍♀️+woman rowing boat
🚣‍♂️+man rowing boat
🚴+person biking;bicyclist
🚴‍♀️+woman biking
🚴‍♂️+man biking
🚵+person mountain biking;bicyclist
🚵‍♀️+woman mountain biking
🚵‍♂️+man mountain biking
🧩 puzzle piece;jigsaw
🧸 teddy bear
🪀 yo-yo;yo
🪁 kite
🪂 parachute
🪃 boomerang
🪄 magic wand
🪅 piñata;pinata
🪆 nesting dolls
🪩 mirror ball
🃏 joker;black
🀄 mahjong red dragon
♠️ spade suit;spades
♣️ club suit;clubs
♥️ heart suit;hearts
♦️ diamond suit;diamonds
♟️ chess pawn
🕹️ joystick
🔮 crystal ball
🛷 sled
🛹 skateboard
🛼 roller skate`],
  ["Travel and places", "🚗", `🚀 rocket;launch ship release fast
🚁 helicopter
🚂 locomotive;steam
🚃 railway car
🚄 high-speed train;bullettrain side high speed
🚅 bullet train;bullettrain front
🚆 train;train2
🚇 metro
🚈 light rail
🚉 station
🚊 tram
🚋 tram car;train
🚌 bus
🚍 oncoming bus
🚎 trolleybus
🚏 bus stop;busstop
🚐 minibus
🚑 ambulance
🚒 fire engine
🚓 police car
🚔 oncoming police car
🚕 taxi
🚖 oncoming taxi
🚗 automobile;car red
🚘 oncoming automobile
🚙 sport utility vehicle;blue car
🚚 delivery truck
🚛 articulated lorry
🚜 tractor
🚝 monorail
🚞 mountain railway
🚟 suspension railway
🚠 mountain cableway
🚡 aerial tramway
🚢 ship
🚤 speedboat
🚥 horizontal traffic light
🚦 vertical traffic light
🚧 construction
🚨 police car light;rotating
🚲 bicycle;bike
🛑 stop sign
🛒 shopping cart
🛕 hindu temple
🛖 hut
🛗 elevator
🛜 wireless
🛝 playground slide
🛞 wheel
🛟 ring buoy
🛠️ hammer and wrench
🛡️ shield
🛢️ oil drum
🛣️ motorway
🛤️ railway track
🛥️ motor boat
🛩️ small airplane
🛫 airplane departure;flight
🛬 airplane arrival;arriving flight
🛰️ satellite;artificial
🛳️ passenger ship
🛴 kick scooter
🛵 motor scooter
🛶 canoe
🛸 flying saucer
🛺 auto rickshaw
🛻 pickup truck
🏍️ motorcycle;racing
🏎️ racing car
🏔️ snow-capped mountain;snow capped
🏕️ camping
🏖️ beach with umbrella
🏗️ building construction
🏘️ houses;house buildings
🏙️ cityscape
🏚️ derelict house;building
🏛️ classical building
🏜️ desert
🏝️ desert island
🏞️ national park
🏟️ stadium
🏠 house;home
🏡 house with garden
🏢 office building
🏣 Japanese post office
🏤 post office;european
🏥 hospital
🏦 bank
🏧 ATM sign
🏨 hotel
🏩 love hotel
🏪 convenience store
🏫 school
🏬 department store
🏭 factory
🏮 red paper lantern;izakaya
🏯 Japanese castle
🏰 castle;european
🗺️ world map
🗻 mount fuji
🗼 Tokyo tower
🗽 Statue of Liberty
🗾 map of Japan
🗿 moai;moyai
⛪ church
⛰️ mountain
⛱️ umbrella on ground;parasol
⛲ fountain
⛴️ ferry
⛵ sailboat;boat
⛺ tent
⛽ fuel pump;fuelpump
⚓ anchor
✈️ airplane
🕋 kaaba
🕌 mosque
🕍 synagogue
💒 wedding
💈 barber pole
♨️ hot springs;hotsprings
🕐 one o’clock;clock1 oclock
🕑 two o’clock;clock2 oclock
🕒 three o’clock;clock3 oclock
🕓 four o’clock;clock4 oclock
🕔 five o’clock;clock5 oclock
🕕 six o’clock;clock6 oclock
🕖 seven o’clock;clock7 oclock
🕗 eight o’clock;clock8 oclock
🕘 nine o’clock;clock9 oclock
🕙 ten o’clock;clock10 oclock
🕚 eleven o’clock;clock11 oclock
🕛 twelve o’clock;clock12 oclock
🕜 one-thirty;clock130 one thirty
🕝 two-thirty;clock230 two thirty
🕞 three-thirty;clock330 three thirty
🕟 four-thirty;clock430 four thirty
🕠 five-thirty;clock530 five thirty
🕡 six-thirty;clock630 six thirty
🕢 seven-thirty;clock730 seven thirty
🕣 eight-thirty;clock830 eight thirty
🕤 nine-thirty;clock930 nine thirty
🕥 ten-thirty;clock1030 ten thirty
🕦 eleven-thirty;clock1130 eleven thirty
🕧 twelve-thirty;clock1230 twelve thirty
⌚ watch
⌛ hourglass done
⏰ alarm clock;time
⏱️ stopwatch
⏲️ timer clock
⏳ hourglass not done;flowing sand
🧭 compass
🧳 luggage
🛎️ bellhop bell
🛋️ couch and lamp
🛏️ bed`],
  ["Flags", "🏁", `🏁 chequered flag;checkered
🚩 triangular flag;on post
🎌 crossed flags
🏳️ white flag;waving
🏳️‍⚧️ transgender flag
🏳️‍🌈 rainbow flag
🏴 black flag;waving
🏴‍☠️ pirate flag
🏴󠁧󠁢󠁥󠁮󠁧󠁿 England
🏴󠁧󠁢󠁳󠁣󠁴󠁿 Scotland
🏴󠁧󠁢󠁷󠁬󠁳󠁿 Wales
🇦🇨 Ascension Island;flag for
🇦🇩 Andorra;flag for
🇦🇪 United Arab Emirates;flag for
🇦🇫 Afghanistan;flag for
🇦🇬 Antigua & Barbuda;flag for
🇦🇮 Anguilla;flag for
🇦🇱 Albania;flag for
🇦🇲 Armenia;flag for
🇦🇴 Angola;flag for
🇦🇶 Antarctica;flag for
🇦🇷 Argentina;flag for
🇦🇸 American Samoa;flag for
🇦🇹 Austria;flag for
🇦🇺 Australia;flag for
🇦🇼 Aruba;flag for
🇦🇽 Åland Islands;flag for aland
🇦🇿 Azerbaijan;flag for
🇧🇦 Bosnia & Herzegovina;flag for
🇧🇧 Barbados;flag for
🇧🇩 Bangladesh;flag for
🇧🇪 Belgium;flag for
🇧🇫 Burkina Faso;flag for
🇧🇬 Bulgaria;flag for
🇧🇭 Bahrain;flag for
🇧🇮 Burundi;flag for
🇧🇯 Benin;flag for
🇧🇱 St. Barthélemy;flag for barthelemy
🇧🇲 Bermuda;flag for
🇧🇳 Brunei;flag for
🇧🇴 Bolivia;flag for
🇧🇶 Caribbean Netherlands;flag for
🇧🇷 Brazil;flag for
🇧🇸 Bahamas;flag for
🇧🇹 Bhutan;flag for
🇧🇻 Bouvet Island;flag for
🇧🇼 Botswana;flag for
🇧🇾 Belarus;flag for
🇧🇿 Belize;flag for
🇨🇦 Canada;flag for
🇨🇨 Cocos (Keeling) Islands;flag for
🇨🇩 Congo-Kinshasa;flag for congo kinshasa
🇨🇫 Central African Republic;flag for
🇨🇬 Congo-Brazzaville;flag for congo brazzaville
🇨🇭 Switzerland;flag for
🇨🇮 Côte d’Ivoire;flag for cote divoire
🇨🇰 Cook Islands;flag for
🇨🇱 Chile;flag for
🇨🇲 Cameroon;flag for
🇨🇳 China;flag for cn
🇨🇴 Colombia;flag for
🇨🇵 Clipperton Island;flag for
🇨🇷 Costa Rica;flag for
🇨🇺 Cuba;flag for
🇨🇻 Cape Verde;flag for
🇨🇼 Curaçao;flag for curacao
🇨🇽 Christmas Island;flag for
🇨🇾 Cyprus;flag for
🇨🇿 Czechia;flag for czech republic
🇩🇪 Germany;flag for de
🇩🇬 Diego Garcia;flag for
🇩🇯 Djibouti;flag for
🇩🇰 Denmark;flag for
🇩🇲 Dominica;flag for
🇩🇴 Dominican Republic;flag for
🇩🇿 Algeria;flag for
🇪🇦 Ceuta & Melilla;flag for
🇪🇨 Ecuador;flag for
🇪🇪 Estonia;flag for
🇪🇬 Egypt;flag for
🇪🇭 Western Sahara;flag for
🇪🇷 Eritrea;flag for
🇪🇸 Spain;flag for es
🇪🇹 Ethiopia;flag for
🇪🇺 European Union;flag for eu
🇫🇮 Finland;flag for
🇫🇯 Fiji;flag for
🇫🇰 Falkland Islands;flag for
🇫🇲 Micronesia;flag for
🇫🇴 Faroe Islands;flag for
🇫🇷 France;flag for fr
🇬🇦 Gabon;flag for
🇬🇧 United Kingdom;flag for gb uk
🇬🇩 Grenada;flag for
🇬🇪 Georgia;flag for
🇬🇫 French Guiana;flag for
🇬🇬 Guernsey;flag for
🇬🇭 Ghana;flag for
🇬🇮 Gibraltar;flag for
🇬🇱 Greenland;flag for
🇬🇲 Gambia;flag for
🇬🇳 Guinea;flag for
🇬🇵 Guadeloupe;flag for
🇬🇶 Equatorial Guinea;flag for
🇬🇷 Greece;flag for
🇬🇸 South Georgia & South Sandwich Islands;flag for
🇬🇹 Guatemala;flag for
🇬🇺 Guam;flag for
🇬🇼 Guinea-Bissau;flag for guinea bissau
🇬🇾 Guyana;flag for
🇭🇰 Hong Kong SAR China;flag for
🇭🇲 Heard Island & McDonald Islands;flag for
🇭🇳 Honduras;flag for
🇭🇷 Croatia;flag for
🇭🇹 Haiti;flag for
🇭🇺 Hungary;flag for
🇮🇨 Canary Islands;flag for
🇮🇩 Indonesia;flag for
🇮🇪 Ireland;flag for
🇮🇱 Israel;flag for
🇮🇲 Isle of Man;flag for
🇮🇳 India;flag for
🇮🇴 British Indian Ocean Territory;flag for
🇮🇶 Iraq;flag for
🇮🇷 Iran;flag for
🇮🇸 Iceland;flag for
🇮🇹 Italy;flag for it
🇯🇪 Jersey;flag for
🇯🇲 Jamaica;flag for
🇯🇴 Jordan;flag for
🇯🇵 Japan;flag for jp
🇰🇪 Kenya;flag for
🇰🇬 Kyrgyzstan;flag for
🇰🇭 Cambodia;flag for
🇰🇮 Kiribati;flag for
🇰🇲 Comoros;flag for
🇰🇳 St. Kitts & Nevis;flag for
🇰🇵 North Korea;flag for
🇰🇷 South Korea;flag for kr
🇰🇼 Kuwait;flag for
🇰🇾 Cayman Islands;flag for
🇰🇿 Kazakhstan;flag for
🇱🇦 Laos;flag for
🇱🇧 Lebanon;flag for
🇱🇨 St. Lucia;flag for
🇱🇮 Liechtenstein;flag for
🇱🇰 Sri Lanka;flag for
🇱🇷 Liberia;flag for
🇱🇸 Lesotho;flag for
🇱🇹 Lithuania;flag for
🇱🇺 Luxembourg;flag for
🇱🇻 Latvia;flag for
🇱🇾 Libya;flag for
🇲🇦 Morocco;flag for
🇲🇨 Monaco;flag for
🇲🇩 Moldova;flag for
🇲🇪 Montenegro;flag for
🇲🇫 St. Martin;flag for
🇲🇬 Madagascar;flag for
🇲🇭 Marshall Islands;flag for
🇲🇰 North Macedonia;flag for
🇲🇱 Mali;flag for
🇲🇲 Myanmar (Burma);flag for
🇲🇳 Mongolia;flag for
🇲🇴 Macao SAR China;flag for macau
🇲🇵 Northern Mariana Islands;flag for
🇲🇶 Martinique;flag for
🇲🇷 Mauritania;flag for
🇲🇸 Montserrat;flag for
🇲🇹 Malta;flag for
🇲🇺 Mauritius;flag for
🇲🇻 Maldives;flag for
🇲🇼 Malawi;flag for
🇲🇽 Mexico;flag for
🇲🇾 Malaysia;flag for
🇲🇿 Mozambique;flag for
🇳🇦 Namibia;flag for
🇳🇨 New Caledonia;flag for
🇳🇪 Niger;flag for
🇳🇫 Norfolk Island;flag for
🇳🇬 Nigeria;flag for
🇳🇮 Nicaragua;flag for
🇳🇱 Netherlands;flag for
🇳🇴 Norway;flag for
🇳🇵 Nepal;flag for
🇳🇷 Nauru;flag for
🇳🇺 Niue;flag for
🇳🇿 New Zealand;flag for
🇴🇲 Oman;flag for
🇵🇦 Panama;flag for
🇵🇪 Peru;flag for
🇵🇫 French Polynesia;flag for
🇵🇬 Papua New Guinea;flag for
🇵🇭 Philippines;flag for
🇵🇰 Pakistan;flag for
🇵🇱 Poland;flag for
🇵🇲 St. Pierre & Miquelon;flag for
🇵🇳 Pitcairn Islands;flag for
🇵🇷 Puerto Rico;flag for
🇵🇸 Palestinian Territories;flag for
🇵🇹 Portugal;flag for
🇵🇼 Palau;flag for
🇵🇾 Paraguay;flag for
🇶🇦 Qatar;flag for
🇷🇪 Réunion;flag for reunion
🇷🇴 Romania;flag for
🇷🇸 Serbia;flag for
🇷🇺 Russia;flag for ru
🇷🇼 Rwanda;flag for
🇸🇦 Saudi Arabia;flag for
🇸🇧 Solomon Islands;flag for
🇸🇨 Seychelles;flag for
🇸🇩 Sudan;flag for
🇸🇪 Sweden;flag for
🇸🇬 Singapore;flag for
🇸🇭 St. Helena Ascension & Tristan da Cunha;flag for
🇸🇮 Slovenia;flag for
🇸🇯 Svalbard & Jan Mayen;flag for
🇸🇰 Slovakia;flag for
🇸🇱 Sierra Leone;flag for
🇸🇲 San Marino;flag for
🇸🇳 Senegal;flag for
🇸🇴 Somalia;flag for
🇸🇷 Suriname;flag for
🇸🇸 South Sudan;flag for
🇸🇹 São Tomé & Príncipe;flag for sao tome principe
🇸🇻 El Salvador;flag for
🇸🇽 Sint Maarten;flag for
🇸🇾 Syria;flag for
🇸🇿 Eswatini;flag for swaziland
🇹🇦 Tristan da Cunha;flag for
🇹🇨 Turks & Caicos Islands;flag for
🇹🇩 Chad;flag for
🇹🇫 French Southern and Antarctic Lands;flag for territories
🇹🇬 Togo;flag for
🇹🇭 Thailand;flag for
🇹🇯 Tajikistan;flag for
🇹🇰 Tokelau;flag for
🇹🇱 Timor-Leste;flag for timor leste
🇹🇲 Turkmenistan;flag for
🇹🇳 Tunisia;flag for
🇹🇴 Tonga;flag for
🇹🇷 Türkiye;flag for turkey tr
🇹🇹 Trinidad & Tobago;flag for
🇹🇻 Tuvalu;flag for
🇹🇼 Taiwan;flag for
🇹🇿 Tanzania;flag for
🇺🇦 Ukraine;flag for
🇺🇬 Uganda;flag for
🇺🇲 U.S. Outlying Islands;flag for us
🇺🇳 United Nations
🇺🇸 United States;flag for us
🇺🇾 Uruguay;flag for
🇺🇿 Uzbekistan;flag for
🇻🇦 Vatican City;flag for
🇻🇨 St. Vincent & Grenadines;flag for
🇻🇪 Venezuela;flag for
🇻🇬 British Virgin Islands;flag for
🇻🇮 U.S. Virgin Islands;flag for us
🇻🇳 Vietnam;flag for
🇻🇺 Vanuatu;flag for
🇼🇫 Wallis & Futuna;flag for
🇼🇸 Samoa;flag for
🇽🇰 Kosovo;flag for
🇾🇪 Yemen;flag for
🇾🇹 Mayotte;flag for
🇿🇦 South Africa;flag for
🇿🇲 Zambia;flag for
🇿🇼 Zimbabwe;flag for`],
  ["Symbols", "✅", `✅ check mark button;white done yes ok
✔️ check mark;heavy done yes
❌ cross mark;x no wrong
❎ cross mark button;negative squared
❓ red question mark
❔ white question mark;grey
❕ white exclamation mark;grey
❗ red exclamation mark;heavy
➕ plus;heavy sign
➖ minus;heavy sign
➗ divide;heavy division sign
⚠️ warning;careful
⛔ no entry
🚫 prohibited;no entry sign
🚬 cigarette;smoking
🚭 no smoking
🚯 no littering;do not litter
🚰 potable water
🚱 non-potable water;non potable
🚳 no bicycles
🚷 no pedestrians
🚸 children crossing
🚹 men’s room;mens
🚺 women’s room;womens
🚻 restroom
🚼 baby symbol
🚽 toilet
🚾 water closet;wc
🚿 shower
🛂 passport control
🛃 customs
🛄 baggage claim
🛅 left luggage
♈ Aries
♉ Taurus
♊ Gemini
♋ Cancer
♌ Leo
♍ Virgo
♎ Libra
♏ Scorpio;scorpius
♐ Sagittarius
♑ Capricorn
♒ Aquarius
♓ Pisces
🔀 shuffle tracks button;twisted rightwards arrows
🔁 repeat button
🔂 repeat single button;one
🔃 clockwise vertical arrows
🔄 counterclockwise arrows button
🔅 dim button;low brightness
🔆 bright button;high brightness
🔘 radio button
🔙 BACK arrow
🔚 END arrow
🔛 ON! arrow
🔜 SOON arrow
🔝 TOP arrow
🔞 no one under eighteen;underage
🔟 keycap 10;ten
🔠 input latin uppercase;capital abcd
🔡 input latin lowercase;abcd
🔢 input numbers;1234
🔣 input symbols
🔤 input latin letters;abc
🔯 dotted six-pointed star;six pointed
🔰 Japanese symbol for beginner
🔱 trident emblem
🔲 black square button
🔳 white square button
🔴 red circle
🔵 blue circle;large
🔶 large orange diamond
🔷 large blue diamond
🔸 small orange diamond
🔹 small blue diamond
🔺 red triangle pointed up;small
🔻 red triangle pointed down;small
🔼 upwards button;arrow up small
🔽 downwards button;arrow down small
🕉️ om;symbol
🕎 menorah;with nine branches
📳 vibration mode
📴 mobile phone off
📵 no mobile phones
📶 antenna bars;signal strength
🟠 orange circle
🟡 yellow circle
🟢 green circle
🟣 purple circle
🟤 brown circle
🟥 red square
🟦 blue square
🟧 orange square
🟨 yellow square
🟩 green square
🟪 purple square
🟫 brown square
🟰 heavy equals sign
🅰️ A button (blood type)
🅱️ B button (blood type)
🅾️ O button (blood type);o2
🅿️ P button;parking
🆎 AB button (blood type)
🆑 CL button
🆒 COOL button
🆓 FREE button
🆔 ID button
🆕 NEW button
🆖 NG button
🆗 OK button
🆘 SOS button
🆙 UP! button
🆚 VS button
🈁 Japanese here button;koko
🈂️ Japanese service charge button;sa
🈚 Japanese free of charge button;u7121
🈯 Japanese reserved button;u6307
🈲 Japanese prohibited button;u7981
🈳 Japanese vacancy button;u7a7a
🈴 Japanese passing grade button;u5408
🈵 Japanese no vacancy button;u6e80
🈶 Japanese not free of charge button;u6709
🈷️ Japanese monthly amount button;u6708
🈸 Japanese application button;u7533
🈹 Japanese discount button;u5272
🈺 Japanese open for business button;u55b6
🉐 Japanese bargain button;ideograph advantage
🉑 Japanese acceptable button;accept
#️⃣ keycap #;hash
*️⃣ keycap *;asterisk
0️⃣ keycap 0;zero
1️⃣ keycap 1;one
2️⃣ keycap 2;two
3️⃣ keycap 3;three
4️⃣ keycap 4;four
5️⃣ keycap 5;five
6️⃣ keycap 6;six
7️⃣ keycap 7;seven
8️⃣ keycap 8;eight
9️⃣ keycap 9;nine
©️ copyright
®️ registered
‼️ double exclamation mark;bangbang
⁉️ exclamation question mark;interrobang
™️ trade mark;tm
ℹ️ information;source
↔️ left-right arrow;left right
↕️ up-down arrow;up down
↖️ up-left arrow;upper left up
↗️ up-right arrow;upper right up
↘️ down-right arrow;lower right down
↙️ down-left arrow;lower left down
↩️ right arrow curving left;leftwards with hook
↪️ left arrow curving right;hook
⌨️ keyboard
⏏️ eject button;symbol
⏩ fast-forward button;fast forward
⏪ fast reverse button;rewind
⏫ fast up button;arrow double
⏬ fast down button;arrow double
⏭️ next track button;black right pointing double triangle with vertical bar
⏮️ last track button;previous black left pointing double triangle with vertical bar
⏯️ play or pause button;black right pointing triangle with double vertical bar
⏸️ pause button;double vertical bar
⏹️ stop button;black square for
⏺️ record button;black circle for
Ⓜ️ circled M
▪️ black small square
▫️ white small square
▶️ play button;arrow forward
◀️ reverse button;arrow backward
◻️ white medium square
◼️ black medium square
◽ white medium-small square;medium small
◾ black medium-small square;medium small
☑️ check box with check;ballot
☢️ radioactive;sign
☣️ biohazard;sign
☦️ orthodox cross
☪️ star and crescent
☮️ peace symbol
☯️ yin yang
☸️ wheel of dharma
♀️ female sign
♂️ male sign
♻️ recycling symbol;recycle
♾️ infinity
♿ wheelchair symbol
⚛️ atom symbol
⚜️ fleur-de-lis;fleur de lis
⚧️ transgender symbol
⚪ white circle
⚫ black circle
⚰️ coffin
⚱️ funeral urn
⛎ Ophiuchus
⛑️ rescue worker’s helmet;with white cross workers
✖️ multiply;heavy multiplication x
✝️ latin cross
✡️ star of David
✳️ eight-spoked asterisk;eight spoked
✴️ eight-pointed star;eight pointed black
❇️ sparkle
➡️ right arrow
➰ curly loop
➿ double curly loop
⤴️ right arrow curving up;heading
⤵️ right arrow curving down;heading
⬅️ left arrow
⬆️ up arrow
⬇️ down arrow
⬛ black large square
⬜ white large square
⭕ hollow red circle;o
〰️ wavy dash
〽️ part alternation mark
㊗️ Japanese congratulations button
㊙️ Japanese secret button`],
  ["Objects", "💡", `☎️ telephone;phone
⚒️ hammer and pick
⚔️ crossed swords
⚕️ medical symbol
⚖️ balance scale;scales
⚗️ alembic
⚙️ gear
⛏️ pick
⛓️ chains
⛓️‍💥 broken chain
⛩️ shinto shrine
✂️ scissors
✉️ envelope
✏️ pencil;pencil2
✒️ black nib
🏵️ rosette
🏷️ label
👑 crown
👒 woman’s hat;womans
👓 glasses;eyeglasses
👔 necktie
👕 t-shirt;tshirt shirt t
👖 jeans
👗 dress
👘 kimono
👙 bikini
👚 woman’s clothes;womans
👛 purse
👜 handbag
👝 clutch bag;pouch
👞 man’s shoe;mans
👟 running shoe;athletic
👠 high-heeled shoe;high heel heeled
👡 woman’s sandal;womans
👢 woman’s boot;womans
💄 lipstick
💉 syringe
💊 pill
💍 ring
💎 gem stone
💠 diamond with a dot;shape inside
💡 light bulb;idea
💣 bomb
💮 white flower
💰 money bag;moneybag
💱 currency exchange
💲 heavy dollar sign
💳 credit card
💴 yen banknote
💵 dollar banknote
💶 euro banknote
💷 pound banknote
💸 money with wings
💹 chart increasing with yen
💺 seat
💻 laptop;computer work
💼 briefcase
💽 computer disk;minidisc
💾 floppy disk
💿 optical disk;cd
📀 dvd
📁 file folder
📂 open file folder
📃 page with curl
📄 page facing up
📅 calendar;date
📆 tear-off calendar;tear off
📇 card index
📈 chart increasing;with upwards trend
📉 chart decreasing;with downwards trend
📊 bar chart
📋 clipboard
📌 pushpin
📍 round pushpin
📎 paperclip;attachment
📏 straight ruler
📐 triangular ruler
📑 bookmark tabs
📒 ledger
📓 notebook
📔 notebook with decorative cover
📕 closed book
📖 open book
📗 green book
📘 blue book
📙 orange book
📚 books
📛 name badge
📜 scroll
📝 memo;pencil
📞 telephone receiver
📟 pager
📠 fax machine
📡 satellite antenna
📢 loudspeaker
📣 megaphone;mega
📤 outbox tray
📥 inbox tray
📦 package
📧 e-mail;email e mail
📨 incoming envelope
📩 envelope with arrow
📪 closed mailbox with lowered flag
📫 closed mailbox with raised flag
📬 open mailbox with raised flag;mail
📭 open mailbox with lowered flag;no mail
📮 postbox
📯 postal horn
📰 newspaper
📱 mobile phone;iphone
📲 mobile phone with arrow;calling
📷 camera
📸 camera with flash
📹 video camera
📺 television;tv
📻 radio
📼 videocassette;vhs
📽️ film projector
📿 prayer beads
🔇 muted speaker;mute
🔈 speaker low volume
🔉 speaker medium volume;sound
🔊 speaker high volume;loud sound
🔋 battery
🔌 electric plug
🔍 magnifying glass tilted left;mag
🔎 magnifying glass tilted right;mag
🔏 locked with pen;lock ink
🔐 locked with key;closed lock
🔑 key
🔒 locked;lock
🔓 unlocked;unlock
🔔 bell
🔕 bell with slash;no
🔖 bookmark
🔗 link
🔦 flashlight
🔧 wrench;fix
🔨 hammer
🔩 nut and bolt
🔪 kitchen knife;hocho
🔫 water pistol;gun
🔬 microscope
🔭 telescope
🕯️ candle
🕰️ mantelpiece clock
🕶️ sunglasses;dark
🖇️ linked paperclips
🖊️ pen;lower left ballpoint
🖋️ fountain pen;lower left
🖌️ paintbrush;lower left
🖍️ crayon;lower left
🖥️ desktop computer
🖨️ printer
🖱️ computer mouse;three button
🖲️ trackball
🖼️ framed picture;frame with
🗂️ card index dividers
🗃️ card file box
🗄️ file cabinet
🗑️ wastebasket
🗒️ spiral notepad;note pad
🗓️ spiral calendar;pad
🗜️ clamp;compression
🗝️ old key
🗞️ rolled-up newspaper;rolled up roll
🗡️ dagger;knife
🗳️ ballot box with ballot
🚪 door
🚮 litter in bin sign;put its place
🛁 bathtub
🛍️ shopping bags
🛐 place of worship
🥻 sari
🥼 lab coat
🥽 goggles
🥾 hiking boot
🥿 flat shoe
🦯 white cane;probing
🦺 safety vest
🦼 motorized wheelchair
🦽 manual wheelchair
🧢 billed cap
🧣 scarf
🧤 gloves
🧥 coat
🧦 socks
🧧 red envelope
🧨 firecracker
🧪 test tube
🧫 petri dish
🧬 dna
🧮 abacus
🧯 fire extinguisher
🧰 toolbox
🧱 brick;bricks
🧲 magnet
🧴 lotion bottle
🧵 thread
🧶 yarn
🧷 safety pin
🧹 broom
🧺 basket
🧻 roll of paper
🧼 soap
🧽 sponge
🧾 receipt
🧿 nazar amulet
🩰 ballet shoes
🩱 one-piece swimsuit;one piece
🩲 briefs;swim brief
🩳 shorts
🩴 thong sandal
🩸 drop of blood
🩹 adhesive bandage
🩺 stethoscope
🩻 x-ray;x ray
🩼 crutch
🪇 maracas
🪈 flute
🪑 chair
🪒 razor
🪓 axe
🪔 diya lamp
🪕 banjo
🪖 military helmet
🪗 accordion
🪘 long drum
🪙 coin
🪚 carpentry saw
🪛 screwdriver
🪜 ladder
🪝 hook
🪞 mirror
🪟 window
🪠 plunger
🪡 sewing needle
🪢 knot
🪣 bucket
🪤 mouse trap
🪥 toothbrush
🪦 headstone
🪧 placard
🪨 rock
🪪 identification card
🪫 low battery
🪬 hamsa
🪭 folding hand fan
🪮 hair pick
🪯 khanda`],
];
